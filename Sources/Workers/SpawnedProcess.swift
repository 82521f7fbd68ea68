import CLinux
import Deployments
import EventLoops
import Glibc
import Programs
import WorkerProtocol

/// A worker process and the host's ends of its descriptors. The holder of this value closes them.
struct SpawnedProcess {
    let pid: pid_t
    /// Becomes readable when the process has ended; -1 if the kernel has no pidfds.
    let processDescriptor: Int32
    let socket: Int32
    let output: Int32
    let errorOutput: Int32

    /// Starts the executable in a process group of its own, with a socket as descriptor 3, empty stdin, and pipes as
    /// stdout and stderr. It inherits nothing else from the host: no descriptor, no signal mask, no environment, and if
    /// its manifest names a user, none of the host's rights. A script also gets its own file as descriptor 4, see
    /// `Program`.
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

    /// - Parameter descriptors: the descriptors that become 0, 1, 2 and so on in the worker.
    private static func start(_ launch: WorkerLaunch, _ descriptors: [Int32]) throws(SystemError) -> pid_t {
        var environment = launch.environment
        environment[WorkerProtocolVersion.environmentKey] = "1"
        environment[WorkerProtocolVersion.limitsKey] = launch.limits.environmentValue
        let program = Program(
            path: launch.executable,
            file: launch.build?.descriptor,
            environment: environment,
            descriptors: descriptors,
            identity: launch.user.map { Program.Identity(user: $0.user, group: $0.group, groups: $0.groups) }
        )
        do throws(ProgramStartError) {
            return try program.start()
        } catch {
            throw SystemError(
                launch.user.map { "\(error.step) as the user '\($0.name)'" } ?? error.step,
                code: error.code
            )
        }
    }
}
