internal import Glibc
internal import Programs

/// A child process that this process has started, in a process group of its own, and has not reaped yet.
///
/// Because of its own group a terminal's Ctrl-C does not reach it. Until it is reaped, its process id and its group's
/// cannot be given to another process, so signals never hit a stranger.
struct ChildProcess {
    let pid: pid_t

    /// - Parameter descriptors: the child's descriptors 0, 1, 2 and so on. It has no others.
    static func spawn(
        _ arguments: [String],
        environment: [String: String],
        descriptors: [Int32]
    ) throws(LocalBrokerError) -> ChildProcess {
        let program = Program(
            path: arguments[0],
            arguments: Array(arguments.dropFirst()),
            environment: environment,
            descriptors: descriptors
        )
        do throws(ProgramStartError) {
            return ChildProcess(pid: try program.start())
        } catch {
            let reason = "\(error.step): \(String(cString: strerror(error.code)))"
            throw .system(call: "start of \(arguments[0])", reason: reason)
        }
    }

    /// Whether it has exited; it must still be reaped.
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

    /// Waits for its exit and reaps it. Call once.
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
