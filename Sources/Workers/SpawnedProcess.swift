import CLinux
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
    /// stderr as pipes, and nothing else: no descriptor, signal mask or environment of the host.
    init(_ launch: WorkerLaunch) throws(SystemError) {
        var sockets: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, WARREN_STREAM_CLOEXEC, 0, &sockets) == 0 else { throw SystemError("socketpair") }
        var output: [Int32] = [-1, -1]
        var errorOutput: [Int32] = [-1, -1]
        guard warren_pipe(&output) == 0, warren_pipe(&errorOutput) == 0 else {
            let error = SystemError("pipe2")
            for descriptor in sockets + output + errorOutput where descriptor >= 0 { close(descriptor) }
            throw error
        }
        let (pid, status) = Self.spawn(launch, socket: sockets[1], output: output[1], errorOutput: errorOutput[1])
        for descriptor in [sockets[1], output[1], errorOutput[1]] { close(descriptor) }
        guard status == 0 else {
            for descriptor in [sockets[0], output[0], errorOutput[0]] { close(descriptor) }
            throw SystemError("posix_spawn", code: status)
        }
        self.pid = pid
        self.processDescriptor = warren_pidfd_open(pid)
        self.socket = sockets[0]
        self.output = output[0]
        self.errorOutput = errorOutput[0]
        _ = warren_set_nonblocking(self.output)
        _ = warren_set_nonblocking(self.errorOutput)
    }

    private static func spawn(
        _ launch: WorkerLaunch,
        socket: Int32,
        output: Int32,
        errorOutput: Int32
    ) -> (pid_t, Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errorOutput, 2)
        posix_spawn_file_actions_adddup2(&actions, socket, WorkerProtocolVersion.descriptor)
        _ = warren_close_descriptors_from(&actions, WorkerProtocolVersion.descriptor + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var environment = launch.environment
        environment[WorkerProtocolVersion.environmentKey] = "1"
        environment[WorkerProtocolVersion.limitsKey] = launch.limits.environmentValue
        let variables = environment.map { "\($0.key)=\($0.value)" }
        var pid = pid_t()
        let status = Self.withCStrings([launch.executable]) { arguments in
            Self.withCStrings(variables) { variables in
                posix_spawn(
                    &pid,
                    launch.build?.spawnPath ?? launch.executable,
                    &actions,
                    &attributes,
                    arguments,
                    variables
                )
            }
        }
        return (pid, status)
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
