import Polling

/// Tells which invocations have been running for too long, at no cost but a number for each: a timer ticks four times
/// within the limit while anything runs, and an invocation is overdue when it has seen five ticks.
final class OverdueWatch {
    private static let ticksWithinLimit = 4

    private let loop: EventLoop
    private let length: Duration
    /// Called after each tick.
    private let ticked: () -> Void
    private var timer: TimerID?
    private var running = 0
    /// What an invocation that begins now has to remember.
    private(set) var tick = 0

    init(limit: Duration, loop: EventLoop, ticked: @escaping () -> Void) {
        self.loop = loop
        self.length = limit / Self.ticksWithinLimit
        self.ticked = ticked
    }

    func began() {
        self.running += 1
        if self.timer == nil { self.schedule() }
    }

    func ended(_ count: Int = 1) { self.running -= count }

    /// Whether an invocation that began at the tick has had its time, and up to a quarter more.
    func isOverdue(since tick: Int) -> Bool { self.tick - tick > Self.ticksWithinLimit }

    private func schedule() {
        self.timer = self.loop.schedule(after: self.length) { [weak self] in
            guard let self else { return }
            self.timer = nil
            guard self.running > 0 else { return }
            self.tick += 1
            self.schedule()
            self.ticked()
        }
    }

    func stop() {
        if let timer = self.timer { self.loop.cancel(timer) }
        self.timer = nil
    }
}
