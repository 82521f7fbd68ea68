import Deployments
import Manifests
import Messaging
import SeededGeneration
import Testing
import Topology

@testable import Processing

/// A host as simple as can be: it does what a `RuntimeState` wants done, in any order that a real one might, tells the
/// state what came of it, and checks every action against what is there.
struct RuntimeWalk {
    /// A pipeline, as far as the state can know it.
    private struct Pipeline {
        var topology: TopologyPlan.Consumer
        var isReady = false
        var isDraining = false
        var candidate: Candidate?
    }

    private struct Candidate {
        let topology: TopologyPlan.Consumer
        var isReady = false
        var isDeclared = false
        var isCommitted = false
    }

    /// What the broker has been asked and has not answered.
    private enum Question: Hashable {
        case declaration(TopologyPart)
        case look(TopologyPart)
    }

    private let seed: UInt64
    private var random: SeededGenerator
    private var runtime = StateUnderTest(waysBackInterval: .seconds(60))
    private var pipelines: [ConsumerKey: Pipeline] = [:]
    private var questions: [Question] = []
    private var timers: [RuntimeTimer] = []
    private var wanted: [FunctionManifest] = []
    private var isSharedDeclared = false
    private var isDraining = false
    /// Consumers that were going when the host began to: what becomes of their queues is not forgotten.
    private var going: Set<ConsumerKey> = []
    private(set) var tally = RuntimeTally()

    init(seed: UInt64) {
        self.seed = seed
        self.random = SeededGenerator(seed: seed)
    }

    private mutating func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &self.random) < one }

    // MARK: - What happens

    /// Begins, and goes so many steps.
    mutating func walk(_ steps: Int) throws {
        self.wanted = try Self.manifests(&self.random)
        self.tell(.start(.test(self.wanted)))
        for _ in 0..<steps { try self.step() }
    }

    private mutating func step() throws {
        switch Int.random(in: 0..<12, using: &self.random) {
        case 0:
            if self.chance(3, in: 4) { self.wanted = try Self.manifests(&self.random) }
            let settled = self.chance(5, in: 6)
            self.tell(.apply(.test(self.wanted), settled: settled, retryingRejected: self.chance(1, in: 6)))
        case 1...4: self.answer(well: self.chance(3, in: 4))
        case 5, 6:
            guard let index = self.timers.indices.randomElement(using: &self.random) else { return }
            self.tell(.due(self.timers.remove(at: index)))
        case 7: if self.chance(1, in: 4) { self.tell(.relayInterrupted) }
        default:
            guard let key = self.pipelines.keys.sorted().randomElement(using: &self.random) else { return }
            self.step(key)
        }
    }

    /// The broker answers what it was asked first.
    private mutating func answer(well: Bool) {
        guard let question = self.questions.first else { return }
        self.questions.removeFirst()
        switch question {
        case .declaration(let part):
            let errors = [StateUnderTest.unreachable, StateUnderTest.mismatch]
            let error = well ? nil : errors.randomElement(using: &self.random)
            if error == nil { self.isDeclared(part) }
            self.tell(.declared(part, error))
        case .look(let part):
            let facts = part.consumer.flatMap { self.pipelines[$0] }.map { _ in
                PipelineFacts(hasWorkers: true, isConsuming: true, hasNothingToDo: true)
            }
            let waiting = well ? 0 : Int.random(in: 0...1, using: &self.random)
            let inspection = QueueInspection(readyMessages: waiting, consumers: 1)
            let isThere = well ? part.consumer != nil : self.chance(1, in: 2)
            self.tell(.inspected(part, .success(isThere ? inspection : nil), facts))
        }
    }

    private mutating func isDeclared(_ part: TopologyPart) {
        switch part {
        case .shared: self.isSharedDeclared = true
        case .change(let key, let revision):
            // Of one that was given up it says nothing about the next.
            guard self.runtime.state.consumers[key]?.change?.revision == revision else { return }
            self.pipelines[key]?.candidate?.isDeclared = true
        case .waysBack, .delayLevel, .consumer: break
        }
    }

    /// A pipeline gets on.
    private mutating func step(_ key: ConsumerKey) {
        guard let pipeline = self.pipelines[key] else { return }
        if pipeline.isDraining, self.chance(1, in: 2) { return self.end(key) }
        guard let candidate = pipeline.candidate else {
            if pipeline.isReady, self.chance(1, in: 4) { self.tell(.interrupted(key)) }
            return
        }
        if self.chance(1, in: 6) {
            self.pipelines[key]?.candidate = nil
            self.tell(.changed(key, .rejected("no handshake")))
        } else {
            self.getOn(key, candidate)
        }
    }

    private mutating func getOn(_ key: ConsumerKey, _ candidate: Candidate) {
        if candidate.isCommitted {
            self.pipelines[key]?.topology = candidate.topology
            self.pipelines[key]?.candidate = nil
            self.tally.switched += 1
            self.tell(.changed(key, .switched))
        } else if !candidate.isReady {
            self.pipelines[key]?.candidate?.isReady = true
            self.tell(.candidateReady(key))
        }
    }

    private mutating func end(_ key: ConsumerKey) {
        self.tally.ended += 1
        self.tell(.ended(key))
        // Going down, nobody is told to forget anything.
        if self.isDraining { self.pipelines[key] = nil }
        if !self.isDraining, self.pipelines[key]?.isDraining == true { self.fail("\(key) has ended and is kept") }
    }

    // MARK: - In the end

    /// From now on everything goes well, until what runs is what is wanted.
    mutating func settle() {
        // Queues that would go round in a ring need a new one first.
        let wanted = self.wanted
        self.wanted = wanted.map { manifest in manifest.with { $0.queue = "x.\(manifest.name)" } }
        self.goOn()
        self.wanted = wanted
        self.goOn()
    }

    private mutating func goOn() {
        self.tell(.apply(.test(self.wanted), settled: true, retryingRejected: true))
        var rounds = 0
        while !self.isSettled, rounds < 2000 {
            rounds += 1
            for _ in self.questions { self.answer(well: true) }
            for (key, pipeline) in self.pipelines.sorted(by: { $0.key < $1.key }) {
                if pipeline.isDraining { self.end(key) }
                if let candidate = pipeline.candidate { self.getOn(key, candidate) }
            }
            let due = self.timers
            self.timers = []
            for timer in due { self.tell(.due(timer)) }
        }
        if !self.isSettled { self.fail("what runs is not what is wanted, but \(self.pipelines.keys.sorted())") }
    }

    private var isSettled: Bool {
        let wanted = Dictionary(
            uniqueKeysWithValues: self.wanted.map {
                (ConsumerKey.test($0), TopologyPlanner.consumer($0.consumer, Rig.names))
            }
        )
        return self.pipelines.mapValues(\.topology) == wanted
            && self.pipelines.values.allSatisfy { $0.isReady && $0.candidate == nil && !$0.isDraining }
    }

    /// Goes down, with all that is still open and comes late.
    mutating func drain() throws {
        self.going = Set(self.pipelines.filter(\.value.isDraining).keys)
        self.tell(.drain)
        self.isDraining = true
        if let running = self.pipelines.first(where: { !$0.value.isDraining }) { self.fail("\(running.key) runs on") }
        var isRelayRunning = true
        while isRelayRunning || !self.pipelines.isEmpty {
            if self.tally.closed > 0 { self.fail("the intake is closed too early") }
            if isRelayRunning, self.chance(1, in: 8) {
                isRelayRunning = false
                self.tell(.relayEnded)
            } else {
                try self.step()
            }
        }
        if self.tally.closed != 1 { self.fail("the intake is not closed at the end") }
        for _ in 0..<20 { try self.step() }
        if self.tally.closed != 1 { self.fail("the intake is closed more than once") }
    }

    // MARK: - What is wanted

    private mutating func tell(_ event: RuntimeEvent) {
        let unbound = self.unbound
        // In their order, as the driver does: none of them waits for what another leads to.
        for action in self.runtime.actions(event) { self.perform(action) }
        for key in self.unbound.subtracting(unbound) { self.checkSuccessor(of: key) }
    }

    private var unbound: Set<ConsumerKey> {
        Set(self.runtime.state.consumers.filter { $0.value.move?.isUnbound == true }.keys)
    }

    private mutating func checkSuccessor(of key: ConsumerKey) {
        self.tally.unbound += 1
        let isThere = self.pipelines.contains { other, pipeline in
            other.name == key.name && other != key && pipeline.isReady && !pipeline.isDraining
        }
        if !isThere { self.fail("\(key) is unbound, and its successor is not there") }
    }

    private mutating func perform(_ action: RuntimeAction) {
        if let key = action.pipeline, self.pipelines[key] == nil { self.fail("'\(action.words)', which is not there") }
        if self.isDraining { self.checkDraining(action) }
        switch action {
        case .add(let key, _, let topology): self.add(key, topology)
        case .change(let key, _, let topology): self.pipelines[key]?.candidate = Candidate(topology: topology)
        case .cancelChange(let key): self.pipelines[key]?.candidate = nil
        case .commitChange(let key): self.commit(key)
        case .topologyIsReady(let key): self.pipelines[key]?.isReady = true
        case .drain(let key):
            if self.pipelines[key]?.isDraining == true, !self.runtime.state.isDraining {
                self.fail("\(key) ends twice")
            }
            self.pipelines[key]?.isDraining = true
        case .forget(let key):
            if self.pipelines.removeValue(forKey: key)?.isDraining != true { self.fail("\(key) has not ended") }
        case .declare(let part): self.declare(part)
        case .inspect(let part, _): self.ask(.look(part))
        case .removeQueue: self.tally.removedQueues += 1
        case .closeIntake: self.tally.closed += 1
        case .arm(let timer, _): self.timers.append(timer)
        case .note(.reload(.rejected)): self.tally.refused += 1
        case .topologyFailed, .observe, .reconsider, .remove, .startRelay, .drainRelay, .abandonRelay, .drainSettler,
            .note:
            break
        }
    }

    private mutating func add(_ key: ConsumerKey, _ topology: TopologyPlan.Consumer) {
        if let other = self.pipelines.keys.first(where: { $0.queue == key.queue }) {
            self.fail("\(key) and \(other) consume one queue")
        }
        if self.tally.ended > 0 { self.tally.cameBack += 1 }
        self.tally.added += 1
        self.pipelines[key] = Pipeline(topology: topology)
    }

    private mutating func commit(_ key: ConsumerKey) {
        guard let pipeline = self.pipelines[key], let candidate = pipeline.candidate, candidate.isReady else {
            return self.fail("\(key) has nothing to switch to")
        }
        if !candidate.isDeclared, candidate.topology.declarations != pipeline.topology.declarations {
            self.fail("\(key) is switched before its next version's topology is there")
        }
        if candidate.isCommitted { self.fail("\(key) is switched twice") }
        self.tally.committed += 1
        self.pipelines[key]?.candidate?.isCommitted = true
    }

    private mutating func declare(_ part: TopologyPart) {
        if part.consumer != nil, !self.isSharedDeclared { self.fail("\(part.words) is declared before what is shared") }
        self.ask(.declaration(part))
    }

    private mutating func ask(_ question: Question) {
        if self.questions.contains(question) { self.fail("\(question) twice at a time") }
        self.questions.append(question)
    }

    private func checkDraining(_ action: RuntimeAction) {
        switch action {
        case .closeIntake, .abandonRelay: break
        case .remove(_, let key) where self.going.contains(key): break
        case .removeQueue(_, let key) where self.going.contains(key): break
        case .note(.moveIsUnfinished): break
        default: self.fail("'\(action.words)', while everything ends")
        }
    }

    private func fail(_ what: String) { Issue.record("seed \(self.seed): \(what)") }
}
