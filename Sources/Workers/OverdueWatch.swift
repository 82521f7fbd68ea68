import EventLoops
import Invoking

/// Tells which invocations are overdue. A worker cancels a late invocation by itself; this is the host's second, longer
/// limit, after which it kills the worker.
///
/// It costs a number for each invocation: while anything runs a timer ticks, and an invocation is overdue when it has
/// seen as many ticks as the limit holds, and one more.
final class OverdueWatch {
    private let loop: EventLoop
    private let length: Duration
    private let ticksWithinLimit: Int
    /// Called after each tick.
    private let ticked: () -> Void
    private var timer: TimerID?
    private var running = 0
    /// The tick at which each invocation began, by its place.
    private var begins: [Int] = []
    private(set) var tick = 0

    init(limit: Duration, loop: EventLoop, ticked: @escaping () -> Void) {
        self.loop = loop
        // Half a second late at most, and a short limit by a quarter.
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

    /// Whether an invocation that runs has had its time.
    func isOverdue(_ id: InvocationID) -> Bool {
        let place = id.place
        guard place < self.begins.count else { return false }
        return self.tick - self.begins[place] > self.ticksWithinLimit
    }

    /// Whether an invocation has been running for that long, give or take two ticks.
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
