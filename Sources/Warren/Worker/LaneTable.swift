import WorkerProtocol

/// The lanes of a worker, and the invocations that wait for them. Pure bookkeeping, to be used under a lock.
///
/// A lane is a task that runs invocations, or batches, one after the other. There are as many lanes as were needed so
/// far, at most `concurrency`. A cancelled task stays cancelled, so a lane whose invocation was cancelled is retired:
/// it ends with that invocation, and a new lane may take its place at once.
struct LaneTable {
    /// Resumes an idle lane when called with true.
    typealias Call = UnsafeContinuation<Bool, Never>

    struct Lane {
        var task: Task<Void, Never>?
        let stop = StopSignal()
        var invocation: UInt64?
        /// The other invocations of the batch whose first one is `invocation`.
        var others: [UInt64] = []
        var deadline = ContinuousClock.now
        var isRetired = false
    }

    /// What a lane does next.
    enum Step {
        /// `isLast`: no other invocation could begin now, so the results at hand should be sent before this one begins.
        case run(PendingInvocation, isLast: Bool)
        case runBatch([PendingInvocation], deadline: ContinuousClock.Instant, isLast: Bool)
        case wait
        case end
    }

    /// What invocations in the queue wait for.
    enum Waiting: Equatable {
        /// No invocation waits.
        case nothing
        /// An invocation or a batch could begin now, and waits for a lane.
        case lane
        /// A batch that is not full yet, and begins at this time.
        case time(ContinuousClock.Instant)
    }

    /// Lanes that were called and have not looked at the queue yet. Calling more lanes than there are threads would
    /// only queue them up.
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

    /// No more invocations will come, so no batch waits for more.
    mutating func drain() { self.isDraining = true }

    /// How many lanes could begin an invocation or a batch now. The time matters only for batches.
    private func ready(_ now: () -> ContinuousClock.Instant) -> Int {
        guard let batching else { return self.queue.count }
        let full = self.queue.count / batching.size
        guard let next = self.queue.element(at: full * batching.size) else { return full }
        return full + (self.isRipe(next, batching, now()) ? 1 : 0)
    }

    /// Whether a lane could begin an invocation or a batch now.
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

    /// Returns the lanes to call so that up to `limit` lanes are on their way to the queue: first idle lanes, then new
    /// ones, which `open` creates.
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

    /// A lane that was called looks at the queue now.
    mutating func arrived() { self.called -= 1 }

    /// Ends the invocation or batch that the lane ran, if any, and returns the lane's next step.
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
        // The timeout starts here: the time that an event spent waiting for its batch and for the batch before does not
        // count.
        let timeout = batch.reduce(UInt32.max) { min($0, $1.received.run.timeoutMilliseconds) }
        let deadline = now.advanced(by: .milliseconds(timeout))
        self.lanes[lane]?.deadline = deadline
        return .runBatch(batch, deadline: deadline, isLast: !self.isReady(now))
    }

    /// Stores the continuation of a lane that found nothing to do. Returns false if the lane can begin something after
    /// all.
    mutating func rest(_ continuation: Call, now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        guard !self.isReady(now()) else { return false }
        self.idle.append(continuation)
        return true
    }

    /// Retires the lanes with an invocation that satisfies the condition. The caller must cancel the returned tasks
    /// outside the lock, because cancellation runs the function's own handlers.
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

    /// Removes and returns the waiting invocations that satisfy the condition.
    mutating func withdraw(where condition: (PendingInvocation) -> Bool) -> [PendingInvocation] {
        self.queue.removeAll(where: condition)
    }

    /// The earliest deadline of all invocations that wait, or that run and have not been cancelled.
    var nextDeadline: ContinuousClock.Instant? {
        var next = self.queue.earliestDeadline
        for case let lane? in self.lanes where lane.invocation != nil && !lane.isRetired {
            next = min(next ?? lane.deadline, lane.deadline)
        }
        return next
    }
}
