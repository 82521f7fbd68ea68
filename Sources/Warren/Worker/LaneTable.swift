import WorkerProtocol

/// The lanes of a worker and the invocations that wait for them. Pure bookkeeping, to be used under a lock.
///
/// A lane is a task that runs one invocation after the other. There are as many as demand needed so far, at most
/// `concurrency`. A task cannot be un-cancelled, so a lane whose invocation was cancelled is retired: it ends with
/// that invocation, and another may be opened in its place at once.
struct LaneTable {
    /// Resumes an idle lane, with true.
    typealias Call = UnsafeContinuation<Bool, Never>

    struct Lane {
        var task: Task<Void, Never>?
        let stop = StopSignal()
        var invocation: UInt64?
        var deadline = ContinuousClock.now
        var isRetired = false
    }

    /// What a lane does next.
    enum Step {
        /// `isLast`: nothing waits behind it, so results at hand should be sent before it begins.
        case run(PendingInvocation, isLast: Bool)
        case wait
        case end
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

    init(concurrency: Int) { self.concurrency = max(1, concurrency) }

    mutating func enqueue(_ invocation: PendingInvocation) { self.queue.append(invocation) }

    /// Lanes to call so that up to `limit` are on their way to the queue: idle ones first, then new ones.
    mutating func call(upTo limit: Int, open: (Int, StopSignal) -> Task<Void, Never>) -> [Call] {
        var woken: [Call] = []
        while self.called < min(limit, self.queue.count) {
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

    /// Ends the lane's invocation, if it has one, and tells what comes next.
    mutating func step(_ lane: Int) -> Step {
        if self.lanes[lane]?.invocation != nil {
            self.lanes[lane]?.invocation = nil
            self.running -= 1
        }
        if self.lanes[lane]?.isRetired ?? true {
            self.lanes[lane] = nil
            self.unused.append(lane)
            return .end
        }
        guard let next = self.queue.popFirst() else { return .wait }
        self.running += 1
        self.lanes[lane]?.invocation = next.received.invocation
        self.lanes[lane]?.deadline = next.deadline
        return .run(next, isLast: self.queue.isEmpty)
    }

    /// Remembers how to call a lane that found nothing to do; false when something has come meanwhile.
    mutating func rest(_ continuation: Call) -> Bool {
        guard self.queue.isEmpty else { return false }
        self.idle.append(continuation)
        return true
    }

    /// Retires the lanes whose invocation satisfies the condition. Their tasks are to be cancelled outside the lock,
    /// because cancellation runs the function's own handlers.
    mutating func retire(
        _ reason: StopSignal.Reason,
        where condition: (_ invocation: UInt64, _ deadline: ContinuousClock.Instant) -> Bool
    ) -> [Task<Void, Never>] {
        var tasks: [Task<Void, Never>] = []
        for index in self.lanes.indices {
            guard let lane = self.lanes[index], let invocation = lane.invocation, !lane.isRetired,
                condition(invocation, lane.deadline)
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
