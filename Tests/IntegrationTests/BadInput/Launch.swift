import CLinux
import EventLoops
import Glibc

/// A started process and the test's ends of its three streams.
struct Launch {
    let process: pid_t
    let input: Int32
    let output: Int32
    let errors: Int32

    /// Starts an executable with nothing of the test's own: no descriptor, signal mask or environment.
    init(_ executable: String, _ arguments: [String], environment: [String: String]) throws(SystemError) {
        let input = try Self.pipe()
        let output = try Self.pipe()
        let errors = try Self.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.writing, 2)
        _ = warren_close_descriptors_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, executable, &actions, &attributes, &argv, &envp)
        for descriptor in [input.reading, output.writing, errors.writing] { close(descriptor) }
        guard code == 0 else {
            for descriptor in [input.writing, output.reading, errors.reading] { close(descriptor) }
            throw SystemError("posix_spawn of \(executable)", code: code)
        }
        self.process = process
        self.input = input.writing
        self.output = output.reading
        self.errors = errors.reading
    }

    private static func pipe() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard warren_pipe(&ends) == 0 else { throw SystemError("pipe2") }
        return (ends[0], ends[1])
    }

    /// Writes all of it and closes the descriptor. Blocks. A reader that is gone wants no more.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var left = bytes[...]
        while !left.isEmpty {
            let count = left.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            left = left.dropFirst(count)
        }
        close(descriptor)
    }

    /// Calls `body` with what comes from the descriptor, and with nothing at its end. Blocks.
    static func read(_ descriptor: Int32, _ body: (ArraySlice<UInt8>) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 { body(buffer[..<count]) }
        body([])
    }

    /// Waits for the end without taking the process's number away from it.
    func waitForEnd() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(self.process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// The exit code, or 128 and the signal's number, as a shell says it. Call once, after the end.
    func reap() -> Int32 {
        var status: Int32 = 0
        waitpid(self.process, &status, 0)
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}
