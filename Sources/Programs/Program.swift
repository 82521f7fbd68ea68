import CProcess
import Glibc

/// A program to start: in a process group of its own, with default signal handling, no signal blocked, and no core file
/// if it dies. It gets only the given descriptors, even if others of this process are not close-on-exec.
package struct Program {
    /// The user and groups that it runs as instead of its parent's. It has no other privileges.
    package struct Identity {
        package let user: UInt32
        package let group: UInt32
        package let groups: [UInt32]

        package init(user: UInt32, group: UInt32, groups: [UInt32]) {
            self.user = user
            self.group = group
            self.groups = groups
        }
    }

    /// The program's absolute path.
    package let path: String
    package let arguments: [String]
    /// An open descriptor of the program's file; `nil` to execute the file at the path. A script keeps it as the
    /// descriptor after the others, because its interpreter opens it there.
    package let file: Int32?
    package let environment: [String: String]
    /// The program's descriptors 0, 1, 2 and so on. The caller still owns its own.
    package let descriptors: [Int32]
    /// `nil` to run with the rights of this process.
    package let identity: Identity?

    package init(
        path: String,
        arguments: [String] = [],
        file: Int32? = nil,
        environment: [String: String],
        descriptors: [Int32],
        identity: Identity? = nil
    ) {
        self.path = path
        self.arguments = arguments
        self.file = file
        self.environment = environment
        self.descriptors = descriptors
        self.identity = identity
    }

    /// Starts the program, and returns when it runs: from then on signals to its process group reach it.
    ///
    /// - Returns: its process id. The caller must reap the process.
    package func start() throws(ProgramStartError) -> Int32 {
        let groups = self.identity?.groups ?? []
        var pid = pid_t()
        var step: UnsafePointer<CChar>?
        let code = Self.withCStrings([self.path] + self.arguments) { arguments in
            Self.withCStrings(self.environment.map { "\($0.key)=\($0.value)" }) { variables in
                self.descriptors.withUnsafeBufferPointer { descriptors in
                    groups.withUnsafeBufferPointer { groups in
                        // All memory that it points to lives until the call returns; the program runs by then.
                        var program = warren_program()
                        program.descriptor = self.file ?? -1
                        program.path = UnsafePointer(arguments[0])
                        program.arguments = arguments
                        program.environment = variables
                        program.descriptors = descriptors.baseAddress
                        program.descriptor_count = Int32(descriptors.count)
                        program.changes_user = self.identity == nil ? 0 : 1
                        program.user = self.identity?.user ?? 0
                        program.group = self.identity?.group ?? 0
                        program.groups = groups.baseAddress
                        program.group_count = groups.count
                        return warren_start_program(&program, &pid, &step)
                    }
                }
            }
        }
        guard code == 0 else {
            throw ProgramStartError(step: step.map { String(cString: $0) } ?? "starting", code: code)
        }
        return pid
    }

    /// Calls the body with a null-terminated array of C strings, which are valid only during the call.
    private static func withCStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the array holds at least its end") }
            return body(base)
        }
    }
}

/// Why a program could not be started. No process is left of the attempt.
package struct ProgramStartError: Error, Equatable {
    /// The system call that failed.
    package let step: String
    /// The system's error number.
    package let code: Int32
}
