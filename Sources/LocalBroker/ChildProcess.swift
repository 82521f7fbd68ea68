internal import Glibc
internal import Programs

/// A process we started, in a process group of its own, not yet reaped.
///
/// Its own group keeps a terminal's Ctrl-C away from it. As long as it is not reaped, neither its process id nor
/// its group's can belong to anyone else, so signals never hit a stranger.
struct ChildProcess {
    let pid: pid_t

    /// - Parameter descriptors: what the child sees as 0, 1, 2 and so on. It has no others.
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
