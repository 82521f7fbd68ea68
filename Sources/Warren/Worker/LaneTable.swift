import WorkerProtocol

/// The lanes of a worker and the invocations that wait for them. Pure bookkeeping, to be used under a lock.
///
/// A lane is a task that runs one invocation after the other, or one batch of them. There are as many lanes as demand
/// needed so far, at most `concurrency`. A task cannot be un-cancelled, so a lane whose invocation was cancelled is
/// retired: it ends with that invocation, and another may be opened in its place at once.
struct LaneTable {
    /// Resumes an idle lane, with true.
    typealias Call = UnsafeContinuation<Bool, Never>

    struct Lane {
        var task: Task<Void, Never>?
        let stop = StopSignal()
        var invocation: UInt64?
        /// The rest of the batch that `invocation` is the first of.
        var others: [UInt64] = []
        var deadline = ContinuousClock.now
        var isRetired = false
    }

    /// What a lane does next.
    enum Step {
        /// `isLast`: nothing behind it could begin now, so results at hand should be sent before it begins.
        case run(PendingInvocation, isLast: Bool)
        case runBatch([PendingInvocation], deadline: ContinuousClock.Instant, isLast: Bool)
        case wait
        case end
    }

    /// What invocations in the queue wait for.
    enum Waiting: Equatable {
        /// There are none.
        case nothing
        /// Something could begin now, and waits for a lane.
        case lane
        /// A batch that is taken then if no more come before.
        case time(ContinuousClock.Instant)
    }

    /// Lanes that were called and have not looked at the queue yet. More calls than threads would only queue up.
    private(set) var called = 0
    private(set) var running = 0
    private(set) var queue = InvocationQueue()
    private var lanes: [Lane?] = []
    private var unused: [Int] = []
    private var live = 0
    private var idle: [Call] = []
    private let concurrency: Int
    private let batching: BatchRule?
    private var isDraining = false

    init(concurrency: Int, batching: BatchRule? = nil) {
        self.concurrency = max(1, concurrency)
        self.batching = batching
    }

    mutating func enqueue(_ invocation: PendingInvocation) { self.queue.append(invocation) }

    /// No more will come, so no batch waits for more.
    mutating func drain() { self.isDraining = true }

    /// How many lanes could begin something now. The time matters to batches alone.
    private func ready(_ now: () -> ContinuousClock.Instant) -> Int {
        guard let batching else { return self.queue.count }
        let full = self.queue.count / batching.size
        guard let next = self.queue.element(at: full * batching.size) else { return full }
        return full + (self.isRipe(next, batching, now()) ? 1 : 0)
    }

    /// Whether a lane could begin something now.
    func isReady(_ now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        guard let batching else { return !self.queue.isEmpty }
        if self.queue.count >= batching.size { return true }
        guard let next = self.queue.element(at: 0) else { return false }
        return self.isRipe(next, batching, now())
    }

    private func isRipe(_ oldest: PendingInvocation, _ batching: BatchRule, _ now: ContinuousClock.Instant) -> Bool {
        self.isDraining || oldest.arrival.advanced(by: batching.wait) <= now
    }

    func waiting(_ now: @autoclosure () -> ContinuousClock.Instant) -> Waiting {
        if self.isReady(now()) { return .lane }
        guard let batching, let oldest = self.queue.element(at: 0) else { return .nothing }
        return .time(oldest.arrival.advanced(by: batching.wait))
    }

    /// Lanes to call so that up to `limit` are on their way to the queue: idle ones first, then new ones.
    mutating func call(
        upTo limit: Int,
        now: @autoclosure () -> ContinuousClock.Instant,
        open: (Int, StopSignal) -> Task<Void, Never>
    ) -> [Call] {
        var woken: [Call] = []
        let wanted = min(limit, self.ready(now))
        while self.called < wanted {
            if let continuation = self.idle.popLast() {
                woken.append(continuation)
            } else if self.live < self.concurrency {
                var lane = Lane()
                let index = self.unused.popLast() ?? self.lanes.count
                lane.task = open(index, lane.stop)
                if index == self.lanes.count { self.lanes.append(lane) } else { self.lanes[index] = lane }
                self.live += 1
            } else {
                break
            }
            self.called += 1
        }
        return woken
    }

    /// A lane that was called has come.
    mutating func arrived() { self.called -= 1 }

    /// Ends what the lane ran, if anything, and tells what comes next.
    mutating func step(_ lane: Int, now: @autoclosure () -> ContinuousClock.Instant) -> Step {
        if self.lanes[lane]?.invocation != nil {
            self.lanes[lane]?.invocation = nil
            self.running -= 1
        }
        if self.lanes[lane]?.isRetired ?? true {
            self.lanes[lane] = nil
            self.unused.append(lane)
            return .end
        }
        if let batching { return self.stepBatch(lane, batching, now: now()) }
        guard let next = self.queue.popFirst() else { return .wait }
        self.running += 1
        self.lanes[lane]?.invocation = next.received.invocation
        self.lanes[lane]?.deadline = next.deadline
        return .run(next, isLast: self.queue.isEmpty)
    }

    private mutating func stepBatch(_ lane: Int, _ batching: BatchRule, now: ContinuousClock.Instant) -> Step {
        guard self.isReady(now), let first = self.queue.popFirst() else { return .wait }
        var batch = [first]
        while batch.count < batching.size, let next = self.queue.popFirst() { batch.append(next) }
        self.running += 1
        self.lanes[lane]?.invocation = first.received.invocation
        self.lanes[lane]?.others = batch.dropFirst().map { $0.received.invocation }
        // Counted from here: what an event has waited for its batch, and for the one before, is not the function's
        // time.
        let timeout = batch.reduce(UInt32.max) { min($0, $1.received.run.timeoutMilliseconds) }
        let deadline = now.advanced(by: .milliseconds(timeout))
        self.lanes[lane]?.deadline = deadline
        return .runBatch(batch, deadline: deadline, isLast: !self.isReady(now))
    }

    /// Remembers how to call a lane that found nothing to do; false when something can begin meanwhile.
    mutating func rest(_ continuation: Call, now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        guard !self.isReady(now()) else { return false }
        self.idle.append(continuation)
        return true
    }

    /// Retires the lanes of which an invocation satisfies the condition. Their tasks are to be cancelled outside the
    /// lock, because cancellation runs the function's own handlers.
    mutating func retire(
        _ reason: StopSignal.Reason,
        where condition: (_ invocation: UInt64, _ deadline: ContinuousClock.Instant) -> Bool
    ) -> [Task<Void, Never>] {
        var tasks: [Task<Void, Never>] = []
        for index in self.lanes.indices {
            guard let lane = self.lanes[index], let invocation = lane.invocation, !lane.isRetired,
                condition(invocation, lane.deadline)
                    || lane.others.contains(where: { condition($0, lane.deadline) })
            else { continue }
            lane.stop.raise(reason)
            self.lanes[index]?.isRetired = true
            self.live -= 1
            if let task = lane.task { tasks.append(task) }
        }
        return tasks
    }

    /// Takes the invocations out of the queue that satisfy the condition.
    mutating func withdraw(where condition: (PendingInvocation) -> Bool) -> [PendingInvocation] {
        self.queue.removeAll(where: condition)
    }

    /// The earliest deadline of all that waits or runs and has not been stopped.
    var nextDeadline: ContinuousClock.Instant? {
        var next = self.queue.earliestDeadline
        for case let lane? in self.lanes where lane.invocation != nil && !lane.isRetired {
            next = min(next ?? lane.deadline, lane.deadline)
        }
        return next
    }
}
