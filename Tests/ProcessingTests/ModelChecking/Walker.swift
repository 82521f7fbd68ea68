import Messaging
import SeededGeneration

@testable import Processing

/// Walks through all that can happen in a small world, to a depth: each state once, the nearest first, so that the
/// story of a fault is a shortest one.
struct ExhaustiveWalk<Policy: PipelinePolicy> {
    /// How a state was first reached.
    private struct Way {
        let from: Int
        let step: ModelStep
    }

    private var seen: Set<Int> = []
    private var ways: [Way] = []
    private(set) var steps = 0
    /// Asked of every new state.
    var check: (ModelWorld<Policy>) throws -> Void = { _ in }

    var states: Int { self.seen.count }

    mutating func walk(_ world: ModelWorld<Policy>, depth: Int) throws {
        self.seen.insert(world.hashValue)
        try self.check(world)
        var edge = [(world: world, way: -1)]
        for left in (0..<depth).reversed() {
            var next: [(world: ModelWorld<Policy>, way: Int)] = []
            for (world, way) in edge {
                for step in world.steps(faults: true) {
                    guard let new = try self.take(step, in: world, from: way) else { continue }
                    // The last ones are only looked at.
                    if left > 0 { next.append((new, self.ways.count - 1)) }
                }
            }
            edge = next
        }
    }

    /// - Returns: nil when it leads where the walk has been.
    private mutating func take(
        _ step: ModelStep,
        in world: ModelWorld<Policy>,
        from way: Int
    ) throws -> ModelWorld<Policy>? {
        self.steps += 1
        var next = world
        do {
            try next.apply(step)
            guard self.seen.insert(next.hashValue).inserted else { return nil }
            try self.check(next)
        } catch var broken as BrokenPromise {
            broken.story = self.story(to: way) + [step]
            throw broken
        }
        self.ways.append(Way(from: way, step: step))
        return next
    }

    private func story(to way: Int) -> [ModelStep] {
        var story: [ModelStep] = []
        var way = way
        while way >= 0 {
            story.append(self.ways[way].step)
            way = self.ways[way].from
        }
        return story.reversed()
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
            // Most of the time something goes on; else the end would come before anything has happened.
            let isFault = Int.random(in: 0..<6, using: &random) == 0
            var steps = self.world.steps(faults: isFault)
            if steps.isEmpty { steps = self.world.steps(faults: true) }
            guard let step = steps.randomElement(using: &random) else { return }
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
