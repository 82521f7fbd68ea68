import EventLoops
import Invoking

/// Tells which invocations are overdue. A worker cancels the task of a late invocation itself; this is the host's
/// second, longer limit, after which it kills the worker. "Time limits" in the article "Retries, delays and dead
/// letters" describes both.
///
/// An invocation needs no timer of its own, only one integer: while any invocation runs a shared timer ticks, and an
/// invocation is overdue once it has seen one tick more than the limit contains.
final class OverdueWatch {
    private let loop: EventLoop
    private let length: Duration
    private let ticksWithinLimit: Int
    /// Called after each tick.
    private let ticked: () -> Void
    private var timer: TimerID?
    private var running = 0
    /// The tick at which each invocation began, indexed by the invocation's place.
    private var begins: [Int] = []
    private(set) var tick = 0

    init(limit: Duration, loop: EventLoop, ticked: @escaping () -> Void) {
        self.loop = loop
        // An invocation is noticed at most two ticks after its limit: one because the limit is rounded up to whole
        // ticks, one because it began between two ticks. A limit under two seconds is a whole number of ticks, so one
        // tick is all.
        self.length = min(limit / 4, .milliseconds(500))
        self.ticksWithinLimit = Int((limit / self.length).rounded(.up))
        self.ticked = ticked
    }

    func began(_ id: InvocationID) {
        let place = id.place
        while self.begins.count <= place { self.begins.append(0) }
        self.begins[place] = self.tick
        self.running += 1
        if self.timer == nil { self.schedule() }
    }

    func ended(_ count: Int = 1) { self.running -= count }

    /// Whether a running invocation has exceeded the limit.
    func isOverdue(_ id: InvocationID) -> Bool {
        let place = id.place
        guard place < self.begins.count else { return false }
        return self.tick - self.begins[place] > self.ticksWithinLimit
    }

    /// Whether an invocation has been running for at least `time`, with a tolerance of two ticks.
    func hasRun(_ id: InvocationID, for time: Duration) -> Bool {
        let place = id.place
        guard place < self.begins.count else { return false }
        return self.length * (self.tick - self.begins[place] + 2) >= time
    }

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
