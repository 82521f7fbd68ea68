import CProcess
import Glibc

/// A program as it is to be started: in a process group of its own, with default signal handling, no signal blocked, no
/// core file if it dies, and no descriptor but those that it is given, also when others of this process are not
/// close-on-exec.
package struct Program {
    /// The rights that it has instead of its parent's, and no privileges beside them.
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

    /// An absolute path, and the arguments behind it.
    package let path: String
    package let arguments: [String]
    /// The program's file by an open descriptor; nil to take what stands at the path. A script has it as the descriptor
    /// behind the others, because its interpreter opens it there.
    package let file: Int32?
    package let environment: [String: String]
    /// What the program sees as 0, 1, 2 and so on. They stay the caller's.
    package let descriptors: [Int32]
    /// Nil for the rights of this process.
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

    /// Starts it, and returns when it runs: signals to its process group reach it from then on.
    ///
    /// - Returns: its process id. The process is the caller's to be reaped.
    package func start() throws(ProgramStartError) -> Int32 {
        let groups = self.identity?.groups ?? []
        var pid = pid_t()
        var step: UnsafePointer<CChar>?
        let code = Self.withCStrings([self.path] + self.arguments) { arguments in
            Self.withCStrings(self.environment.map { "\($0.key)=\($0.value)" }) { variables in
                self.descriptors.withUnsafeBufferPointer { descriptors in
                    groups.withUnsafeBufferPointer { groups in
                        // Everything that it points to lives until the call returns, when the program runs.
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

    /// Calls the body with a null-terminated array of C strings, which are valid during the call.
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

/// Why a program was not started: nothing of it is left.
package struct ProgramStartError: Error, Equatable {
    /// The system call that failed.
    package let step: String
    /// The system's error number.
    package let code: Int32
}
