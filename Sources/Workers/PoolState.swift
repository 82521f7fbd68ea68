import DequeModule
import Invoking

/// Decides what the workers of one function do: which worker runs which invocation, which workers are started, replaced
/// and drained, and which event is charged for a worker's death. A value without I/O: each method takes what has
/// happened and returns the actions to carry out.
///
/// When a worker dies while it runs invocations, all of them become suspects. Suspects run again one at a time in a
/// worker of their own, the quarantine worker, while the other workers continue. An event gets the outcome `crashed`
/// only if it was alone in a worker that had run nothing before. So no event pays for its neighbour, and an innocent
/// event runs at most twice on this host. When a drain or a pause takes back suspects that have not run again yet, they
/// return to the queue and are no longer suspects.
struct PoolState {
    enum Role: Equatable, Sendable {
        case serving
        case quarantine
        /// Starts beside the worker with this number, which is drained when the new worker is ready.
        case replacement(of: Int)
    }

    enum Action: Equatable {
        case spawn(Int, Role)
        /// Call `respawn` with the role after a pause. The pause grows as long as nothing succeeds.
        case spawnLater(Role)
        case send(InvocationID, to: Int)
        /// Tell the worker that no more invocations follow: it exits when it has answered those that it has.
        case drain(Int)
        case available
        case unavailable(notRun: [InvocationID])
        /// The invocation killed its worker, and nothing else can have been the cause.
        case crashed(InvocationID)
        /// The host killed the worker because this invocation was overdue.
        case timedOut(InvocationID)
        /// A worker died while it was working, which counts against the function's health.
        case died
    }

    private enum Phase: Equatable {
        case starting
        case ready
        /// Gets no more invocations, and exits when it has answered those that it has.
        case retiring
    }

    private struct Worker {
        let number: Int
        var role: Role
        var phase = Phase.starting
        var load = 0
        var served = 0
        /// The number of invocations after which the worker is replaced; `nil` for no limit.
        var servedLimit: Int?
        var isBeingReplaced = false
        /// The host is killing the worker or cannot reach it: it gets no more invocations, and its `ended` is still to
        /// come.
        var isCondemned = false

        var canServe: Bool { self.phase == .ready && self.role != .quarantine && !self.isCondemned }
    }

    private let size: Int
    private let recycleAfter: Int?
    /// Ascending by number.
    private var workers: [Worker] = []
    private var nextNumber = 1
    /// The number of the worker that runs each invocation.
    private var places = PlaceTable<Int>()
    /// Invocations that wait for a ready worker.
    private var backlog = Deque<InvocationID>()
    /// Invocations that wait for the quarantine worker.
    private(set) var suspects = Deque<InvocationID>()
    private var isQuarantineDue = false
    private(set) var isAvailable = false
    private var isStopping = false

    /// - Parameters:
    ///   - size: number of workers that serve side by side.
    ///   - recycleAfter: number of invocations after which a worker is replaced; each worker's own limit varies by up
    ///     to a tenth.
    init(size: Int, recycleAfter: Int? = nil) {
        self.size = size
        self.recycleAfter = recycleAfter
    }

    var isEmpty: Bool { self.workers.isEmpty }
    /// Invocations that were accepted and are not answered yet.
    var pending: Int { self.places.count + self.backlog.count + self.suspects.count }
    var running: Int { self.places.count }

    func isRunning(_ id: InvocationID) -> Bool { self.places[id] != nil }
    func invocations(of worker: Int) -> [InvocationID] { self.places.ids { $0 == worker } }
    func role(of worker: Int) -> Role? { self.index(of: worker).map { self.workers[$0].role } }

    mutating func start() -> [Action] { (0..<self.size).map { _ in self.spawn(.serving) } }

    private mutating func spawn(_ role: Role) -> Action {
        let number = self.nextNumber
        self.nextNumber += 1
        self.workers.append(Worker(number: number, role: role))
        return .spawn(number, role)
    }

    /// The pause that `spawnLater` asked for is over.
    mutating func respawn(_ role: Role) -> [Action] {
        guard !self.isStopping else { return [] }
        switch role {
        case .serving:
            return [self.spawn(.serving)]
        case .quarantine:
            self.isQuarantineDue = false
            return self.callQuarantine()
        case .replacement(let old):
            guard let index = self.index(of: old), self.workers[index].phase == .ready else { return [] }
            return [self.spawn(role)]
        }
    }

    // MARK: - Invocations

    /// Accepts an invocation.
    ///
    /// - Returns: the number of the worker to send it to; `nil` if it waits for a worker.
    mutating func invoke(_ id: InvocationID) -> Int? {
        guard self.backlog.isEmpty, let index = self.leastLoaded() else {
            self.backlog.append(id)
            return nil
        }
        self.assign(id, to: index)
        return self.workers[index].number
    }

    private mutating func assign(_ id: InvocationID, to index: Int) {
        self.places.add(self.workers[index].number, for: id)
        self.workers[index].load += 1
        self.workers[index].served += 1
    }

    /// The ready worker with the fewest running invocations; of several, the one that was started first.
    private func leastLoaded() -> Int? {
        var least: Int?
        for index in self.workers.indices {
            let worker = self.workers[index]
            guard worker.canServe else { continue }
            if let best = least, self.workers[best].load <= worker.load { continue }
            least = index
        }
        return least
    }

    private mutating func sendBacklog() -> [Action] {
        var actions: [Action] = []
        while let id = self.backlog.first, let index = self.leastLoaded() {
            self.backlog.removeFirst()
            self.assign(id, to: index)
            actions.append(.send(id, to: self.workers[index].number))
        }
        return actions
    }

    /// A worker has answered an invocation. Returns false if the worker was not running it, which breaks the protocol.
    mutating func answered(_ id: InvocationID, by number: Int) -> Bool {
        guard self.places[id] == number else { return false }
        self.places.remove(id)
        if let index = self.index(of: number) { self.workers[index].load -= 1 }
        return true
    }

    /// A worker returns an invocation that it could not begin before its deadline. No attempt is charged, and the
    /// invocation waits for a worker again.
    mutating func returned(_ id: InvocationID, by number: Int) -> Bool {
        guard self.answered(id, by: number) else { return false }
        if self.role(of: number) == .quarantine { self.suspects.append(id) } else { self.backlog.append(id) }
        return true
    }

    /// Decides what follows when the answers that one worker sent together have been handled.
    mutating func rested(_ number: Int) -> [Action] {
        guard let index = self.index(of: number), !self.workers[index].isCondemned else { return [] }
        let worker = self.workers[index]
        if worker.role == .quarantine, worker.load == 0 { return self.nextSuspect(in: index) }
        if let limit = worker.servedLimit, worker.served >= limit { return self.recycle(number) + self.sendBacklog() }
        return self.backlog.isEmpty ? [] : self.sendBacklog()
    }

    /// Removes and returns the invocations that have not been given to a worker.
    mutating func withdraw() -> [InvocationID] {
        defer {
            self.backlog.removeAll()
            self.suspects.removeAll()
        }
        return Array(self.backlog) + Array(self.suspects)
    }

    // MARK: - Workers coming

    /// - Parameter random: a number from 0 up to but not including 1, which spreads the limits of the workers so that
    ///   they are not all replaced at once.
    mutating func ready(_ number: Int, random: Double) -> [Action] {
        guard let index = self.index(of: number), !self.workers[index].isCondemned else { return [] }
        guard !self.isStopping else {
            self.workers[index].phase = .retiring
            return [.drain(number)]
        }
        self.workers[index].phase = .ready
        var actions: [Action] = []
        switch self.workers[index].role {
        case .quarantine:
            return self.nextSuspect(in: index)
        case .replacement(let old):
            self.workers[index].role = .serving
            actions += self.retire(old)
        case .serving:
            break
        }
        self.workers[index].servedLimit = self.recycleAfter.map { max(1, Int(Double($0) * (0.9 + 0.2 * random))) }
        actions += self.sendBacklog()
        if !self.isAvailable {
            self.isAvailable = true
            actions.append(.available)
        }
        return actions
    }

    private mutating func retire(_ number: Int) -> [Action] {
        guard let index = self.index(of: number), self.workers[index].phase != .retiring else { return [] }
        self.workers[index].phase = .retiring
        return [.drain(number)]
    }

    /// Replaces a serving worker: the new one is ready before the old one stops.
    ///
    /// - Parameter evenUnused: also replace a worker that has run nothing yet. Only its age can be a reason to.
    mutating func recycle(_ number: Int, evenUnused: Bool = false) -> [Action] {
        guard !self.isStopping, let index = self.index(of: number), self.workers[index].phase == .ready,
            self.workers[index].role == .serving, !self.workers[index].isBeingReplaced,
            evenUnused || self.workers[index].served > 0
        else { return [] }
        self.workers[index].isBeingReplaced = true
        return [self.spawn(.replacement(of: number))]
    }

    // MARK: - Quarantine

    private mutating func callQuarantine() -> [Action] {
        guard !self.suspects.isEmpty, !self.isQuarantineDue,
            !self.workers.contains(where: { $0.role == .quarantine && $0.phase != .retiring })
        else { return [] }
        return [self.spawn(.quarantine)]
    }

    private mutating func nextSuspect(in index: Int) -> [Action] {
        let number = self.workers[index].number
        guard let suspect = self.suspects.popFirst() else { return self.retire(number) }
        self.assign(suspect, to: index)
        return [.send(suspect, to: number)]
    }

    // MARK: - Workers going

    /// A worker is about to end, because the host has killed it or cannot reach it any more. An invocation that was
    /// sent to it now would be lost with it, and charged for its death.
    mutating func condemn(_ number: Int) {
        if let index = self.index(of: number) { self.workers[index].isCondemned = true }
    }

    /// A worker process has ended, or could not be started.
    ///
    /// - Parameters:
    ///   - hasAnswered: whether the worker sent a result in its life.
    ///   - isOverdue: whether an invocation is overdue, and therefore the reason why the host killed the worker.
    mutating func ended(_ number: Int, hasAnswered: Bool, isOverdue: (InvocationID) -> Bool) -> [Action] {
        guard let index = self.index(of: number) else { return [] }
        let worker = self.workers.remove(at: index)
        let lost = self.invocations(of: number)
        for id in lost { self.places.remove(id) }
        guard !self.isStopping else { return [] }
        // A worker that was told to drain and had no work left ended as it should.
        if worker.phase == .retiring, lost.isEmpty { return self.callQuarantine() }
        let hasStarted = worker.phase != .starting && (hasAnswered || !lost.isEmpty)
        guard hasStarted else { return self.startFailed(worker) }
        // `died` comes first, so that the pipeline can withdraw waiting events before more of them begin.
        var actions = [.died] + self.judge(lost, of: worker, isOverdue: isOverdue)
        if worker.role != .quarantine, worker.phase != .retiring { actions += self.replaceDead(worker) }
        return actions + self.callQuarantine() + self.sendBacklog()
    }

    /// Decides what becomes of the invocations that a worker was running when it died.
    private mutating func judge(
        _ lost: [InvocationID],
        of worker: Worker,
        isOverdue: (InvocationID) -> Bool
    ) -> [Action] {
        let overdue = lost.filter(isOverdue)
        if !overdue.isEmpty {
            // The overdue invocations are to blame; the others are innocent, and go to the front of the backlog.
            self.backlog.prepend(contentsOf: lost.filter { !overdue.contains($0) })
            return overdue.map { .timedOut($0) }
        }
        // Only if the worker ran nothing before: an earlier invocation may have left behind the cause of its death.
        if lost.count == 1, worker.served == 1 { return [.crashed(lost[0])] }
        if worker.role == .quarantine {
            self.suspects.prepend(contentsOf: lost)
        } else {
            self.suspects.append(contentsOf: lost)
        }
        return []
    }

    private mutating func replaceDead(_ worker: Worker) -> [Action] {
        let heir = self.workers.firstIndex { $0.role == .replacement(of: worker.number) }
        guard let heir else { return [.spawnLater(.serving)] }
        self.workers[heir].role = .serving
        return []
    }

    private mutating func startFailed(_ worker: Worker) -> [Action] {
        var actions: [Action] = []
        switch worker.role {
        case .serving:
            actions = self.replaceDead(worker)
        case .quarantine:
            self.isQuarantineDue = true
            actions = [.spawnLater(.quarantine)]
        case .replacement:
            actions = [.spawnLater(worker.role)]
        }
        guard !self.workers.contains(where: \.canServe) else { return actions }
        self.isAvailable = false
        return [.unavailable(notRun: self.withdraw())] + actions
    }

    /// Drains every worker. The caller sends no more invocations.
    mutating func stop() -> [Action] {
        self.isStopping = true
        return self.workers.indices.compactMap { index in
            guard self.workers[index].phase != .retiring else { return nil }
            self.workers[index].phase = .retiring
            return .drain(self.workers[index].number)
        }
    }

    private func index(of number: Int) -> Int? { self.workers.firstIndex { $0.number == number } }
}
