import Invoking
import Messaging
import SeededGeneration
import Testing

@testable import Workers

/// Plays the processes of a pool and what they run: innocent invocations, which are answered, poisonous ones, which
/// kill their worker, and hanging ones, because of which it is ended. It holds the pool to its promises at each step.
///
/// A worker also dies from outside, but never while it holds exactly one invocation: nobody could tell that from a
/// death by that one's hand.
struct PoolModel {
    enum Nature {
        case innocent
        case poisonous
        case hanging
    }

    enum End: Equatable {
        case answered
        case crashed
        case timedOut
        case notRun
    }

    private struct Process {
        let isQuarantine: Bool
        var isReady = false
        var isDrained = false
        var hasAnswered = false
        var isCondemned = false
        var holds: [InvocationID] = []
    }

    let size: Int
    /// Without hanging invocations an innocent one runs twice at most.
    let hasHanging: Bool
    private var random: SeededGenerator
    private(set) var pool: PoolState
    private var processes: [Int: Process] = [:]
    private var timers: [PoolState.Role] = []
    private var natures: [InvocationID: Nature] = [:]
    private(set) var ends: [InvocationID: End] = [:]
    private var runs: [InvocationID: Int] = [:]
    private var pending: Set<InvocationID> = []
    private var count: UInt64 = 0
    /// Lost by the worker whose end is being judged.
    private var lost: [InvocationID] = []

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.size = Int.random(in: 1...4, using: &random)
        self.hasHanging = seed % 2 == 0
        self.pool = PoolState(size: self.size, recycleAfter: seed % 3 == 0 ? 10 : nil)
        self.random = random
        self.perform(self.pool.start())
    }

    var given: Int { Int(self.count) }
    var isEmpty: Bool { self.processes.isEmpty }

    // MARK: - What happens

    mutating func step() {
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<6: self.invoke()
        case 6..<11: self.answer()
        case 11, 12: self.comeUp()
        case 13: self.failToStart()
        case 14: self.fireTimer()
        case 15, 16: self.dieOfWork()
        case 17: if Bool.random(using: &self.random) { self.dieFromOutside() } else { self.condemn() }
        case 18: self.recycle()
        default: if Int.random(in: 0..<10, using: &self.random) == 0 { self.withdraw() }
        }
        self.endDrained()
        self.check()
    }

    /// Lets everything come to its end, with nothing going wrong that does not have to. False when it does not end.
    mutating func runOut() -> Bool {
        for _ in 0..<20 * (self.given + 100) {
            if self.pool.pending == 0 { return true }
            self.fireTimer()
            self.comeUp()
            self.answer()
            self.dieOfWork()
            for number in self.numbers(\.isCondemned) { self.die(number) }
            self.endDrained()
            self.check()
        }
        return false
    }

    mutating func stop() {
        self.perform(self.pool.stop())
        for number in self.numbers({ !$0.isReady }) {
            self.processes[number]?.isReady = true
            self.perform(self.pool.ready(number, random: 0))
        }
        for number in self.numbers(\.isCondemned) { self.die(number) }
        for role in self.timers { self.perform(self.pool.respawn(role)) }
        self.endDrained()
    }

    private mutating func invoke() {
        // Places are used again, as the pipeline does it.
        let taken = Set(self.pending.map(\.place))
        guard let place = (0..<40).first(where: { !taken.contains($0) }) else { return }
        self.count += 1
        let id = InvocationID(run: self.count, place: place)
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0, 1: self.natures[id] = .poisonous
        case 2: self.natures[id] = self.hasHanging ? .hanging : .innocent
        default: self.natures[id] = .innocent
        }
        self.pending.insert(id)
        if let number = self.pool.invoke(id) { self.send(id, to: number) }
    }

    private mutating func answer() {
        let natures = self.natures
        guard let number = self.pick({ process in process.holds.contains { natures[$0] == .innocent } }) else { return }
        let innocent = self.processes[number]?.holds.filter { natures[$0] == .innocent } ?? []
        for id in innocent.prefix(Int.random(in: 1...3, using: &self.random)) {
            #expect(self.pool.answered(id, by: number) == true)
            self.processes[number]?.holds.removeAll { $0 == id }
            self.processes[number]?.hasAnswered = true
            self.end(id, .answered)
        }
        self.perform(self.pool.rested(number))
    }

    private mutating func comeUp() {
        guard let number = self.pick({ !$0.isReady }) else { return }
        self.processes[number]?.isReady = true
        self.perform(self.pool.ready(number, random: .random(in: 0..<1, using: &self.random)))
    }

    private mutating func failToStart() {
        if let number = self.pick({ !$0.isReady }) { self.die(number) }
    }

    private mutating func fireTimer() {
        guard let index = self.timers.indices.randomElement(using: &self.random) else { return }
        self.perform(self.pool.respawn(self.timers.remove(at: index)))
    }

    private mutating func dieOfWork() {
        let natures = self.natures
        let guilty = self.pick { process in process.holds.contains { natures[$0] != .innocent } }
        if let guilty { self.die(guilty) }
    }

    private mutating func dieFromOutside() {
        let natures = self.natures
        let victim = self.pick { process in
            process.isCondemned
                || process.isReady && process.holds.count != 1 && process.holds.allSatisfy { natures[$0] != .hanging }
        }
        if let victim { self.die(victim) }
    }

    /// The host gives it up for what it did, but not while it holds exactly one, for the same reason. It may still
    /// answer before it ends.
    private mutating func condemn() {
        let natures = self.natures
        let victim = self.pick { process in
            process.isReady && process.holds.count != 1 && process.holds.allSatisfy { natures[$0] == .innocent }
        }
        guard let victim else { return }
        self.processes[victim]?.isCondemned = true
        self.pool.condemn(victim)
    }

    private mutating func recycle() {
        guard let number = self.pick({ _ in true }) else { return }
        self.perform(self.pool.recycle(number, evenUnused: Bool.random(using: &self.random)))
    }

    private mutating func withdraw() {
        for id in self.pool.withdraw() { self.end(id, .notRun) }
    }

    /// A worker that was told to go ends when it has answered everything.
    private mutating func endDrained() {
        for number in self.numbers({ $0.isReady && $0.isDrained && $0.holds.isEmpty }) { self.die(number) }
    }

    private mutating func die(_ number: Int) {
        guard let process = self.processes.removeValue(forKey: number) else { return }
        self.lost = process.holds
        // A hanging one is why it was ended, unless a poisonous one was quicker.
        let isPoisoned = process.holds.contains { self.natures[$0] == .poisonous }
        let natures = self.natures
        let actions = self.pool.ended(number, hasAnswered: process.hasAnswered) { id in
            !isPoisoned && natures[id] == .hanging
        }
        self.perform(actions)
        self.lost = []
    }

    private func numbers(_ condition: (Process) -> Bool) -> [Int] {
        self.processes.filter { condition($0.value) }.keys.sorted()
    }

    private mutating func pick(_ condition: (Process) -> Bool) -> Int? {
        let numbers = self.numbers(condition)
        return numbers.randomElement(using: &self.random)
    }

    // MARK: - What the pool says

    private mutating func perform(_ actions: [PoolState.Action]) {
        for action in actions {
            switch action {
            case .spawn(let number, let role):
                #expect(self.processes[number] == nil)
                self.processes[number] = Process(isQuarantine: role == .quarantine)
            case .spawnLater(let role): self.timers.append(role)
            case .send(let id, let number): self.send(id, to: number)
            case .drain(let number): self.processes[number]?.isDrained = true
            case .available: #expect(self.processes.values.contains { $0.isReady && !$0.isQuarantine })
            case .unavailable(let notRun): for id in notRun { self.end(id, .notRun) }
            case .crashed(let id):
                #expect(self.natures[id] == .poisonous, "an innocent one was charged")
                #expect(self.lost == [id], "it was not alone with its worker")
                self.end(id, .crashed)
            case .timedOut(let id):
                #expect(self.natures[id] == .hanging && self.lost.contains(id))
                self.end(id, .timedOut)
            case .died: break
            }
        }
    }

    private mutating func send(_ id: InvocationID, to number: Int) {
        guard let process = self.processes[number] else {
            Issue.record("\(id) was sent to worker \(number), which is gone")
            return
        }
        #expect(process.isReady && !process.isDrained && !process.isCondemned, "sent to a worker that takes nothing")
        #expect(self.ends[id] == nil, "sent after its end")
        self.runs[id, default: 0] += 1
        if process.isQuarantine {
            #expect(process.holds.isEmpty, "one suspect at a time")
            #expect(self.runs[id] ?? 0 >= 2, "ordinary work in the quarantine")
        }
        if !self.hasHanging, self.natures[id] == .innocent { #expect(self.runs[id] ?? 0 <= 2) }
        self.processes[number]?.holds.append(id)
    }

    private mutating func end(_ id: InvocationID, _ end: End) {
        #expect(self.ends.updateValue(end, forKey: id) == nil, "it ended twice")
        self.pending.remove(id)
    }

    private func check() {
        #expect(self.pool.pending == self.pending.count, "each is somewhere until its end")
        #expect(self.pool.running == self.processes.values.map(\.holds.count).reduce(0, +))
        for (number, process) in self.processes {
            #expect(Set(self.pool.invocations(of: number)) == Set(process.holds))
        }
        let serving = self.processes.filter { self.pool.role(of: $0.key) == .serving && !$0.value.isDrained }
        let coming = self.timers.count { $0 == .serving }
        #expect(serving.count + coming == self.size)
        let replacing = self.processes.keys.filter { number in
            if case .replacement = self.pool.role(of: number) { true } else { false }
        }
        #expect(replacing.count <= self.size)
        #expect(self.processes.values.count { $0.isQuarantine && !$0.isDrained } <= 1)
        #expect(self.timers.count { $0 == .quarantine } <= 1)
    }
}
