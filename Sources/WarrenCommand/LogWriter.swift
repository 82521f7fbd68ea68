import EventLoops
import Synchronization

/// Writes the host's log to stderr on a thread of its own: whoever reads the log slowly, or has stopped reading it,
/// must not hold up the thread that serves events and heartbeats.
///
/// What waits is bounded. Lines beyond the bound are dropped and counted, and the count is logged when there is room.
final class LogWriter: Sendable {
    private static let limit = 4 << 20

    private struct State {
        var waitingBytes = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private let lines: Mailbox<String>
    private let describeLoss: @Sendable (Int) -> String

    /// - Parameter describeLoss: makes the line that tells of lines that were dropped.
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
        // Whole lines in one write, so that lines of other processes on the same terminal do not fall between.
        Terminal.write(lines.joined(), to: 2)
        let dropped = self.state.withLock { state in
            state.waitingBytes -= lines.reduce(0) { $0 + $1.utf8.count }
            defer { state.dropped = 0 }
            return state.dropped
        }
        if dropped > 0 { Terminal.write(self.describeLoss(dropped), to: 2) }
    }

    /// Waits until everything is written, at most a second: a log that nobody reads must not hold up the end.
    func flush() async {
        let deadline = ContinuousClock.now + .seconds(1)
        while self.state.withLock({ $0.waitingBytes > 0 }), .now < deadline {
            try? await Task.sleep(for: .milliseconds(2))
        }
    }
}
