internal import Glibc

/// A process we started, in a process group of its own, not yet reaped.
///
/// Its own group keeps a terminal's Ctrl-C away from it. As long as it is not reaped, neither its process id nor
/// its group's can belong to anyone else, so signals never hit a stranger.
struct ChildProcess {
    let pid: pid_t

    /// - Parameter descriptors: what the child sees as 0, 1, 2 and so on. Ours must be close-on-exec.
    static func spawn(
        _ arguments: [String],
        environment: [String: String],
        descriptors: [Int32]
    ) throws(LocalBrokerError) -> ChildProcess {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The host blocks and ignores signals to its own taste; the child starts afresh.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Moved out of the way first: a source below the number of targets would be overwritten.
        let sources = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 64) }
        defer { sources.forEach { close($0) } }
        for (target, source) in sources.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }

        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
        guard code == 0 else {
            throw .system(call: "start of \(arguments[0])", reason: String(cString: strerror(code)))
        }
        return ChildProcess(pid: pid)
    }

    /// Whether it has ended; it stays to be reaped.
    var hasEnded: Bool {
        var info = siginfo_t()
        let found = waitid(P_PID, id_t(self.pid), &info, WEXITED | WNOHANG | WNOWAIT)
        return found != 0 || info.si_signo != 0
    }

    func signal(_ signal: Int32) {
        kill(self.pid, signal)
    }

    func signalGroup(_ signal: Int32) {
        kill(-self.pid, signal)
    }

    /// Waits for its end. Call once.
    ///
    /// - Returns: the exit status, or 128 plus the signal that ended it, as a shell counts.
    @discardableResult
    func reap() -> Int32 {
        var status: Int32 = 0
        while waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
