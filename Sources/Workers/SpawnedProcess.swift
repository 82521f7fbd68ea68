import CLinux
import CProcess
import Deployments
import Glibc
import Polling
import WorkerProtocol

/// A worker's process and the host's ends of its descriptors. Whoever holds it closes them.
struct SpawnedProcess {
    let pid: pid_t
    /// Becomes readable when the process has ended; -1 where the kernel has none.
    let processDescriptor: Int32
    let socket: Int32
    let output: Int32
    let errorOutput: Int32

    /// Starts the executable in a process group of its own, with a socket as descriptor 3, stdin empty, stdout and
    /// stderr as pipes, and nothing else: no descriptor, signal mask or environment of the host, and if its manifest
    /// names a user, none of the host's rights. A script has its own file as descriptor 4, see `warren_start_program`.
    init(_ launch: WorkerLaunch) throws(SystemError) {
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SystemError("opening /dev/null") }
        defer { close(input) }
        var sockets: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, WARREN_STREAM_CLOEXEC, 0, &sockets) == 0 else { throw SystemError("socketpair") }
        var output: [Int32] = [-1, -1]
        var errorOutput: [Int32] = [-1, -1]
        guard warren_pipe(&output) == 0, warren_pipe(&errorOutput) == 0 else {
            let error = SystemError("pipe2")
            for descriptor in sockets + output + errorOutput where descriptor >= 0 { close(descriptor) }
            throw error
        }
        defer { for descriptor in [sockets[1], output[1], errorOutput[1]] { close(descriptor) } }
        do throws(SystemError) {
            self.pid = try Self.start(launch, [input, output[1], errorOutput[1], sockets[1]])
        } catch {
            for descriptor in [sockets[0], output[0], errorOutput[0]] { close(descriptor) }
            throw error
        }
        self.processDescriptor = warren_pidfd_open(self.pid)
        self.socket = sockets[0]
        self.output = output[0]
        self.errorOutput = errorOutput[0]
        _ = warren_set_nonblocking(self.output)
        _ = warren_set_nonblocking(self.errorOutput)
    }

    /// - Parameter descriptors: what the worker sees as 0, 1, 2 and so on.
    private static func start(_ launch: WorkerLaunch, _ descriptors: [Int32]) throws(SystemError) -> pid_t {
        var environment = launch.environment
        environment[WorkerProtocolVersion.environmentKey] = "1"
        environment[WorkerProtocolVersion.limitsKey] = launch.limits.environmentValue
        let variables = environment.map { "\($0.key)=\($0.value)" }
        let groups = launch.user?.groups ?? []
        var pid = pid_t()
        var step: UnsafePointer<CChar>?
        let code = self.withCStrings([launch.executable]) { arguments in
            self.withCStrings(variables) { variables in
                descriptors.withUnsafeBufferPointer { descriptors in
                    groups.withUnsafeBufferPointer { groups in
                        // Everything that it points to lives until the call returns, when the program runs.
                        var program = warren_program()
                        program.descriptor = launch.build?.descriptor ?? -1
                        program.path = UnsafePointer(arguments[0])
                        program.arguments = arguments
                        program.environment = variables
                        program.descriptors = descriptors.baseAddress
                        program.descriptor_count = Int32(descriptors.count)
                        program.changes_user = launch.user == nil ? 0 : 1
                        program.user = launch.user?.user ?? 0
                        program.group = launch.user?.group ?? 0
                        program.groups = groups.baseAddress
                        program.group_count = groups.count
                        return warren_start_program(&program, &pid, &step)
                    }
                }
            }
        }
        guard code == 0 else {
            let call = step.map { String(cString: $0) } ?? "starting"
            throw SystemError(launch.user.map { "\(call) as the user '\($0.name)'" } ?? call, code: code)
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
