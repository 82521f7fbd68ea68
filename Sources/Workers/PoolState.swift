import DequeModule
import Invoking

/// What the workers of one function are told to do: who runs what, who is started, replaced and drained, and which
/// event a death is charged to. A value without I/O: each method takes what has happened and returns what to do.
///
/// When a worker dies over its work, what it was running are suspects. Suspects run again one at a time in a worker of
/// their own, the quarantine, while the others go on beside it. An event gets the outcome `crashed` only if it was
/// alone in a worker that had run nothing before. So no event pays for its neighbour, and an innocent event runs at
/// most twice on this host. When a drain or a pause takes back suspects that have not run, they return to the queue and
/// are no longer suspects.
struct PoolState {
    enum Role: Equatable, Sendable {
        case serving
        case quarantine
        /// Comes up beside the worker of this number, which is drained when the new one is ready.
        case replacement(of: Int)
    }

    enum Action: Equatable {
        case spawn(Int, Role)
        /// After a pause, which grows while nothing succeeds, `respawn` is called with the role.
        case spawnLater(Role)
        case send(InvocationID, to: Int)
        /// Nothing more comes for it: it ends when it has answered everything.
        case drain(Int)
        case available
        case unavailable(notRun: [InvocationID])
        /// It killed its worker, and nothing else can have been the cause.
        case crashed(InvocationID)
        /// Its worker was ended because of it.
        case timedOut(InvocationID)
        /// Counts against the health of the function.
        case died
    }

    private enum Phase: Equatable {
        case starting
        case ready
        /// Gets nothing more, and ends.
        case retiring
    }

    private struct Worker {
        let number: Int
        var role: Role
        var phase = Phase.starting
        var load = 0
        var served = 0
        /// Replaced when it has been given so many.
        var servedLimit: Int?
        var isBeingReplaced = false
        /// It is being ended, or cannot be reached: it gets nothing more, and its end is still to come.
        var isCondemned = false

        var canServe: Bool { self.phase == .ready && self.role != .quarantine && !self.isCondemned }
    }

    private let size: Int
    private let recycleAfter: Int?
    /// Ascending by number.
    private var workers: [Worker] = []
    private var nextNumber = 1
    /// The worker that runs each.
    private var places = PlaceTable<Int>()
    /// Waits for a worker to be ready.
    private var backlog = Deque<InvocationID>()
    /// Wait for the quarantine.
    private(set) var suspects = Deque<InvocationID>()
    private var isQuarantineDue = false
    private(set) var isAvailable = false
    private var isStopping = false

    /// - Parameters:
    ///   - size: workers that serve side by side.
    ///   - recycleAfter: invocations after which a worker is replaced, a tenth more or less.
    init(size: Int, recycleAfter: Int? = nil) {
        self.size = size
        self.recycleAfter = recycleAfter
    }

    var isEmpty: Bool { self.workers.isEmpty }
    /// All that was taken in and is not answered.
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

    /// The pause before a start is over.
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

    /// Takes an invocation in.
    ///
    /// - Returns: the worker to send it to; nil when it has to wait for one.
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

    /// The ready worker with the least to do, of several the one that was started first.
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

    /// A worker has answered. False when it was not running that: then it has broken the protocol.
    mutating func answered(_ id: InvocationID, by number: Int) -> Bool {
        guard self.places[id] == number else { return false }
        self.places.remove(id)
        if let index = self.index(of: number) { self.workers[index].load -= 1 }
        return true
    }

    /// A worker gives an invocation back that it could not begin in time. It is nobody's fault, and waits again.
    mutating func returned(_ id: InvocationID, by number: Int) -> Bool {
        guard self.answered(id, by: number) else { return false }
        if self.role(of: number) == .quarantine { self.suspects.append(id) } else { self.backlog.append(id) }
        return true
    }

    /// What follows from a batch of answers of one worker.
    mutating func rested(_ number: Int) -> [Action] {
        guard let index = self.index(of: number), !self.workers[index].isCondemned else { return [] }
        let worker = self.workers[index]
        if worker.role == .quarantine, worker.load == 0 { return self.nextSuspect(in: index) }
        if let limit = worker.servedLimit, worker.served >= limit { return self.recycle(number) + self.sendBacklog() }
        return self.backlog.isEmpty ? [] : self.sendBacklog()
    }

    /// Takes back all that has not been given to a worker.
    mutating func withdraw() -> [InvocationID] {
        defer {
            self.backlog.removeAll()
            self.suspects.removeAll()
        }
        return Array(self.backlog) + Array(self.suspects)
    }

    // MARK: - Workers coming

    /// - Parameter random: from 0 up to but not including 1, by which the workers' ends are spread.
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

    /// Replaces a worker that serves: the new one is ready before the old one stops.
    ///
    /// - Parameter evenUnused: also when it has run nothing: then it is as it was when it came, but for its age.
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

    /// A worker is about to end, because the host has killed it or cannot reach it any more: what is sent to it now
    /// would be lost with it, and charged.
    mutating func condemn(_ number: Int) {
        if let index = self.index(of: number) { self.workers[index].isCondemned = true }
    }

    /// A process has ended, or could not be started.
    ///
    /// - Parameters:
    ///   - hasAnswered: it had sent a result in its life.
    ///   - isOverdue: whether an invocation has had its time, and more: then it is why the worker was ended.
    mutating func ended(_ number: Int, hasAnswered: Bool, isOverdue: (InvocationID) -> Bool) -> [Action] {
        guard let index = self.index(of: number) else { return [] }
        let worker = self.workers.remove(at: index)
        let lost = self.invocations(of: number)
        for id in lost { self.places.remove(id) }
        guard !self.isStopping else { return [] }
        // One that was told to go and had nothing left to do has done what it should.
        if worker.phase == .retiring, lost.isEmpty { return self.callQuarantine() }
        let hasStarted = worker.phase != .starting && (hasAnswered || !lost.isEmpty)
        guard hasStarted else { return self.startFailed(worker) }
        // `died` comes first, so that the pipeline can withdraw waiting events before more of them begin.
        var actions = [.died] + self.judge(lost, of: worker, isOverdue: isOverdue)
        if worker.role != .quarantine, worker.phase != .retiring { actions += self.replaceDead(worker) }
        return actions + self.callQuarantine() + self.sendBacklog()
    }

    /// Decides what becomes of what a worker was running when it died.
    private mutating func judge(
        _ lost: [InvocationID],
        of worker: Worker,
        isOverdue: (InvocationID) -> Bool
    ) -> [Action] {
        let overdue = lost.filter(isOverdue)
        if !overdue.isEmpty {
            // What hung is known; the others are innocent, and first in turn again.
            self.backlog.prepend(contentsOf: lost.filter { !overdue.contains($0) })
            return overdue.map { .timedOut($0) }
        }
        // What ran in the worker before may have left behind what killed it.
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

    /// Nothing runs and nothing will come.
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
