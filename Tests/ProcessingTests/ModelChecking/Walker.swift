import Messaging
import SeededGeneration

@testable import Processing

/// Walks through all that can happen in a small world, to a depth.
struct ExhaustiveWalk<Policy: PipelinePolicy> {
    /// The states that have been walked on from, with the depth that was left.
    private var seen: [Int: Int] = [:]
    private(set) var steps = 0
    private var story: [ModelStep] = []
    /// Asked of every new state.
    var check: (ModelWorld<Policy>) throws -> Void = { _ in }

    var states: Int { self.seen.count }

    mutating func walk(_ world: ModelWorld<Policy>, depth: Int) throws {
        let hash = world.hashValue
        if let left = self.seen[hash] {
            if left >= depth { return }
        } else {
            try self.telling { try self.check(world) }
        }
        self.seen[hash] = depth
        guard depth > 0 else { return }
        for step in world.steps(faults: true) {
            var next = world
            self.story.append(step)
            self.steps += 1
            try self.telling { try next.apply(step) }
            try self.walk(next, depth: depth - 1)
            self.story.removeLast()
        }
    }

    private func telling(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch var broken as BrokenPromise {
            broken.story = self.story
            throw broken
        }
    }
}

/// Walks at random, further than an exhaustive walk can.
struct RandomWalk<Policy: PipelinePolicy> {
    private(set) var world: ModelWorld<Policy>
    private(set) var story: [ModelStep] = []

    init(_ world: ModelWorld<Policy>) { self.world = world }

    mutating func walk(_ count: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<count {
            let hoped = self.world.steps(faults: false)
            let all = self.world.steps(faults: true)
            // Most of the time something goes on; else the end would come before anything has happened.
            let isFault = Int.random(in: 0..<6, using: &random) == 0
            guard let step = (isFault ? all : hoped).randomElement(using: &random) ?? all.randomElement(using: &random)
            else { return }
            try self.take(step)
        }
    }

    mutating func take(_ step: ModelStep) throws {
        self.story.append(step)
        do {
            try self.world.apply(step)
        } catch var broken as BrokenPromise {
            broken.story = self.story
            throw broken
        }
    }
}

extension ModelWorld {
    /// Every host is told to end, and nothing but functions and clocks goes on: the broker says nothing more.
    func drainsWithoutBroker() throws {
        var world = self
        world.budget.drain = world.hosts.count
        for host in world.hosts.indices where !world.hosts[host].isDraining { try world.apply(.drain(host: host)) }
        for _ in 0..<2000 {
            guard world.hosts.contains(where: { !$0.isOver }) else { return }
            let step = world.steps(faults: false).first { step in
                switch step {
                case .succeed, .ready: true
                default: false
                }
            }
            try world.apply(step ?? .tick)
        }
        throw BrokenPromise("the drain does not end")
    }

    /// All is well again, or all but one queue: then every event of the others comes to its end.
    ///
    /// - Parameter stuck: the queue that does not answer.
    func comesToItsEnd(stuck: Int? = nil) throws {
        var world = self
        world.budget = ModelBudget()
        for queue in 0..<2 { world.broker.queues[queue].answers = queue != stuck }
        for host in world.hosts.indices where world.hosts[host].isDraining { try world.restart(host) }
        for _ in 0..<5000 {
            if world.hasHandled(allBut: stuck) { return }
            let steps = world.steps(faults: false).filter { $0 != stuck.map { ModelStep.resume(queue: $0) } }
            // Clocks last: they can go on for ever.
            guard let step = steps.first(where: { $0 != .tick }) ?? steps.first else { break }
            try world.apply(step)
        }
        throw BrokenPromise("events are left for ever: \(world.broker.queues), runs \(world.hosts.map(\.runs))")
    }

    private func hasHandled(allBut stuck: Int?) -> Bool {
        let queues = self.broker.queues.indices.filter { $0 != stuck }
        let isEmpty = queues.allSatisfy { self.broker.queues[$0].ready.isEmpty && self.broker.queues[$0].held.isEmpty }
        let events = ModelEvent.allCases.filter { $0.queue != stuck }
        return isEmpty && !self.broker.delayed.contains { $0.event.queue != stuck }
            && events.allSatisfy { event in
                self.finishedEvents.contains(event) || self.broker.dead.contains { $0.event == event }
            }
    }
}
