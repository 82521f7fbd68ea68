import EventLoops
import Synchronization

/// Writes the host's log to stderr on a separate thread, so that a slow or stuck reader of the log does not block the
/// thread that handles events and heartbeats.
///
/// The amount of waiting output is limited. Lines over the limit are dropped and counted, and the count is logged once
/// there is room.
final class LogWriter: Sendable {
    private static let limit = 4 << 20

    private struct State {
        var waitingBytes = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private let lines: Mailbox<String>
    private let describeLoss: @Sendable (Int) -> String

    /// - Parameter describeLoss: makes the log line that reports the number of dropped lines.
    init(describeLoss: @escaping @Sendable (Int) -> String) throws(SystemError) {
        let lines = try Mailbox<String>()
        self.lines = lines
        self.describeLoss = describeLoss
        try LoopThread.start(named: "log") { [self] in
            guard let loop = try? EventLoop() else { return }
            lines.attach(to: loop) { self.write($0) }
            loop.run()
        }
    }

    /// Never blocks.
    func add(_ line: String) {
        let count = line.utf8.count
        let hasRoom = self.state.withLock { state in
            guard state.waitingBytes + count <= Self.limit else {
                state.dropped += 1
                return false
            }
            state.waitingBytes += count
            return true
        }
        if hasRoom { self.lines.send(line) }
    }

    private func write(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        // Whole lines are written in one call, so that lines of other processes on the same terminal do not end up in
        // between.
        Terminal.write(lines.joined(), to: 2)
        let dropped = self.state.withLock { state in
            state.waitingBytes -= lines.reduce(0) { $0 + $1.utf8.count }
            defer { state.dropped = 0 }
            return state.dropped
        }
        if dropped > 0 { Terminal.write(self.describeLoss(dropped), to: 2) }
    }

    /// Waits until everything is written, at most one second: a log that nobody reads must not delay the end of the
    /// process.
    func flush() async {
        let deadline = ContinuousClock.now + .seconds(1)
        while self.state.withLock({ $0.waitingBytes > 0 }), .now < deadline {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }
}
