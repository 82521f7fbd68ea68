import EventLoops
import Testing
import WarrenTesting

@testable import Processing

/// What a consumer holds is bounded in bytes.
@Suite(.ownThread)
struct ByteBoundTests {
    private static let start = SteadyInstant.now

    @Test func `an excess shrinks the prefetch to half of the budget, and never below one`() {
        var bound = ByteBound()
        let isSmall = bound.holds(1000, of: 10, budget: 1000, at: Self.start)
        #expect(!isSmall && bound.prefetch == nil)
        let isTooMuch = bound.holds(1100, of: 11, budget: 1000, at: Self.start)
        #expect(isTooMuch && bound.prefetch == 5)
        let isSame = bound.holds(1100, of: 11, budget: 1000, at: Self.start)
        #expect(!isSame, "it is known")
        let isLarger = bound.holds(9000, of: 3, budget: 1000, at: Self.start)
        #expect(isLarger && bound.prefetch == 1)
        let isAlone = bound.holds(9000, of: 1, budget: 1000, at: Self.start)
        #expect(!isAlone, "one event has to be held")
    }

    @Test func `after each minute without excess the prefetch doubles, up to the manifest's`() {
        var bound = ByteBound()
        _ = bound.holds(9000, of: 9, budget: 4000, at: Self.start)
        var history: [Int?] = [bound.prefetch]
        for minute in 1...4 {
            let early = bound.recover(holding: 1000, to: 12, at: Self.start + ByteBound.recovery * minute - .seconds(1))
            #expect(!early)
            _ = bound.recover(holding: 1000, to: 12, at: Self.start + ByteBound.recovery * minute)
            history.append(bound.prefetch)
        }
        #expect(history == [2, 4, 8, nil, nil])
    }

    @Test func `while more than the budget is held the prefetch does not grow`() {
        var bound = ByteBound()
        _ = bound.holds(9000, of: 9, budget: 4000, at: Self.start)
        var history: [Int?] = []
        for (minute, bytes) in [(1, 4001), (2, 4001), (3, 4000), (4, 4000)] {
            _ = bound.recover(holding: bytes, to: 12, at: Self.start + ByteBound.recovery * minute)
            history.append(bound.prefetch)
        }
        #expect(history == [2, 2, 4, 8])
    }

    @Test func `consumers that hold much share the host's budget when it is exceeded`() {
        var budget = ByteBudget()
        budget.perConsumer = 100
        budget.perHost = 256
        #expect(budget.share(among: [100, 100, 0]) == 100)
        #expect(budget.share(among: [100, 100, 100, 0, 0]) == 256 / 3)
    }

    @Test func `large events are taken in smaller numbers, each of them once`() throws {
        var budget = ByteBudget()
        budget.perConsumer = 1 << 20
        let rig = try Rig([.test(concurrency: 8)], bytes: budget)
        try rig.start()
        for number in 0..<60 { rig.publish("\(number)", size: 200 << 10) }
        try rig.run("an event") { !$0.invoker.pending.isEmpty }
        rig.turn(20)
        #expect(rig.pipeline.holding.bytes <= budget.perConsumer)
        #expect(rig.broker.counts(of: "t.f").unacknowledged <= 5)
        try rig.finishAll()
        #expect(rig.invoker.begun.count == 60)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `many small events are as large as a few large ones`() throws {
        var budget = ByteBudget()
        budget.perConsumer = 8 << 20
        let rig = try Rig([.test(concurrency: 1000)], bytes: budget)
        try rig.start()
        for number in 0..<3000 { rig.publish("\(number)", size: 20 << 10) }
        try rig.run("the broker to deliver") { !$0.invoker.pending.isEmpty }
        rig.turn(50)
        #expect(rig.pipeline.holding.bytes <= budget.perConsumer + 5 << 20, "all of them would be 60 MB")
        try rig.finishAll()
        #expect(rig.invoker.begun.count == 3000)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    @Test func `consumers of one host share its budget`() throws {
        var budget = ByteBudget()
        budget.perConsumer = 2 << 20
        budget.perHost = 3 << 20
        let names = ["a", "b", "c"]
        let rig = try Rig(try names.map { try .test($0, concurrency: 8) }, bytes: budget)
        try rig.start()
        for number in 0..<30 { rig.publish("\(number)", size: 200 << 10) }
        try rig.run("events") { $0.pending >= 3 }
        rig.turn(50)
        #expect(rig.pipelines.map(\.holding.bytes).reduce(0, +) <= budget.perHost * 2, "all of them would be 18 MB")
    }
}
