import Messaging
import SeededGeneration
import Testing

@testable import Processing

/// A machine walks through what can happen to hosts, queues and events in small worlds, and looks at every step whether
/// the promises hold. What it cannot find it must be able to find: each rule that mended a fault is taken out in turn,
/// and the fault must come back.
struct PipelineModelTests {
    // MARK: - All interleavings to a depth

    @Test(arguments: ModelCase.exhaustive)
    func `whatever happens in a small world, every promise holds`(_ test: ModelCase) throws {
        var walk = ExhaustiveWalk<StandardPolicy>()
        walk.check = test.check
        try Self.telling { try walk.walk(test.world(), depth: test.depth) }
        // A walk that is cut short shows nothing.
        #expect(walk.states > 1000)
        print("\(test): \(walk.states) states, \(walk.steps) steps")
    }

    static func telling(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let broken as BrokenPromise {
            Issue.record("\(broken)\n\(broken.story.map { "    \($0)" }.joined(separator: "\n"))")
        }
    }

    // MARK: - Far walks

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `on long random walks every promise holds, and everything comes to its end`(seed: UInt64) throws {
        try Self.telling { try Self.farWalk(seed, StandardPolicy.self) }
    }

    private static func farWalk<Policy: PipelinePolicy>(_ seed: UInt64, _ policy: Policy.Type) throws {
        var random = SeededGenerator(seed: seed)
        let world = try ModelWorld<Policy>(.random(using: &random), budget: .random(using: &random))
        var walk = RandomWalk(world)
        for part in 0..<4 as Range<UInt64> {
            try walk.walk(60, seed: seed << 2 | part)
            do {
                try walk.world.drainsWithoutBroker()
                try walk.world.comesToItsEnd()
                try walk.world.comesToItsEnd(stuck: 0)
            } catch var broken as BrokenPromise {
                broken.story = walk.story
                throw broken
            }
        }
    }

    // MARK: - Faults that come back when their mends are taken out

    private static func finds<Policy: PipelinePolicy>(
        _ policy: Policy.Type,
        depth: Int,
        _ budget: ModelBudget,
        check: @escaping (ModelWorld<Policy>) throws -> Void = { _ in }
    ) throws -> BrokenPromise? {
        var walk = ExhaustiveWalk<Policy>()
        walk.check = check
        do {
            try walk.walk(try ModelWorld(ModelSettings(), budget: budget), depth: depth)
            return nil
        } catch let broken as BrokenPromise {
            return broken
        }
    }

    @Test func `a key that ignores the source acknowledges an event without a run`() throws {
        let broken = try Self.finds(KeyWithoutSource.self, depth: 9, [.loseConnection: 1])
        #expect(try #require(broken).description.contains("is acknowledged"))
    }

    @Test func `a key that depends on the order of headers runs an event twice at the same time`() throws {
        let broken = try Self.finds(KeyByOrderOfHeaders.self, depth: 6, [.loseConnection: 1])
        #expect(try #require(broken).description.contains("runs twice at the same time"))
    }

    @Test func `a memory of what is not marked as redelivered acknowledges what was published anew`() throws {
        let budget: ModelBudget = [.republish: 1, .loseConnection: 1]
        let broken = try Self.finds(KnownWithoutRedelivery.self, depth: 12, budget)
        #expect(try #require(broken).description.contains("acknowledged without a finished run"))
    }

    @Test func `a drain without a clock of its own waits for ever for a queue that does not answer`() throws {
        let broken = try Self.finds(DrainWithoutClock.self, depth: 2, [.suspend: 1]) { world in
            try world.drainsWithoutBroker()
        }
        #expect(try #require(broken).description.contains("the drain does not end"))
    }
}
