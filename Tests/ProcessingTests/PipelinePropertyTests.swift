import Messaging
import Processing
import Testing
import Topology
import WarrenTesting

/// Random histories with fixed seeds: whatever happens, no event is lost, settled twice or run too often.
@Suite(.ownThread)
struct PipelinePropertyTests {
    private static let concurrency = 4
    private static let attempts = 3

    private static func outcome(_ random: inout SeededGenerator) -> Outcome {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: .done(emitted: [])
        case 3: .done(emitted: [.test("nobody.cares")])
        case 4, 5: .failed(.test)
        case 6: .rejected(.test)
        case 7: .later(after: .milliseconds(Int.random(in: 0..<5000, using: &random)), .test)
        case 8: .timedOut(.test)
        default: .crashed(.test)
        }
    }

    /// What became of the events.
    private struct Account {
        var published = 0
        var acknowledged: [String: Int] = [:]
        var worst = 0

        mutating func look(at rig: Rig) {
            self.worst = max(self.worst, rig.invoker.pending.count)
            #expect(rig.invoker.pending.count <= PipelinePropertyTests.concurrency)
        }
    }

    private static func finish(_ rig: Rig, _ account: inout Account, _ random: inout SeededGenerator) {
        guard let index = rig.invoker.pending.indices.randomElement(using: &random) else { return }
        let id = rig.invoker.pending[index].eventID
        let outcome = self.outcome(&random)
        let before = rig.intake.acknowledged
        rig.invoker.finish(at: index, outcome)
        // Without anything to publish it is acknowledged at once, unless its life is over.
        if case .done(let emitted) = outcome, emitted.isEmpty, rig.intake.acknowledged > before {
            account.acknowledged[id, default: 0] += 1
        } else if case .done(let emitted) = outcome, !emitted.isEmpty {
            account.acknowledged[id, default: 0] += 0
        }
    }

    /// Turns, finishes and lets time pass until nothing is left anywhere on the way.
    private static func runOut(_ rig: Rig, _ account: inout Account, _ random: inout SeededGenerator) throws {
        while true {
            try rig.settle()
            account.look(at: rig)
            if !rig.invoker.pending.isEmpty {
                self.finish(rig, &account, &random)
            } else if let expiry = rig.broker.nextExpiry {
                rig.clock.advance(by: expiry - rig.clock.now)
            } else if rig.broker.isIdle {
                return
            }
        }
    }

    private static func check(_ rig: Rig, _ account: Account) {
        #expect(rig.intake.wrongSettlements == [])
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        for invocation in rig.invoker.begun { #expect(invocation.attempt <= self.attempts) }
        #expect(account.worst > 0)
    }

    @Test(arguments: 0..<20)
    func `without losses every event ends in exactly one place, after no more attempts than allowed`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let rig = try Rig([.test(concurrency: Self.concurrency, attempts: Self.attempts)])
        try rig.start()
        var account = Account()
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                account.published += 1
                rig.publish("e\(account.published)")
            case 3..<7: Self.finish(rig, &account, &random)
            case 7: rig.clock.advance(by: .milliseconds(Int.random(in: 0..<3000, using: &random)))
            case 8: rig.turn(Int.random(in: 1...5, using: &random))
            default:
                rig.invoker.becomeUnavailable()
                if Bool.random(using: &random) { rig.turn(3) }
                rig.invoker.becomeReady()
            }
            account.look(at: rig)
        }
        try Self.runOut(rig, &account, &random)
        Self.check(rig, account)
        let dead = rig.ids(in: "t.f.dead")
        #expect(Set(dead).count == dead.count, "dead-lettered twice")
        let emitting = account.acknowledged.filter { $0.value == 0 }.map(\.key)
        let done = account.acknowledged.filter { $0.value > 0 }
        #expect(done.allSatisfy { $0.value == 1 }, "acknowledged twice")
        #expect(rig.broker.counts(of: "t.parked").ready == emitting.count)
        let places = done.map(\.key) + emitting + dead
        #expect(places.count == account.published)
        #expect(Set(places) == Set((1...account.published).map { "e\($0)" }))
        try rig.drain()
    }

    @Test(arguments: 100..<120)
    func `with losses no event vanishes, and nothing is settled that is void or settled`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rig = try Rig([.test(concurrency: Self.concurrency, attempts: Self.attempts)])
        try rig.start()
        var account = Account()
        var isReady = true
        for _ in 0..<300 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<3:
                account.published += 1
                rig.publish("e\(account.published)")
            case 3..<7: Self.finish(rig, &account, &random)
            case 7: rig.clock.advance(by: .milliseconds(Int.random(in: 0..<3000, using: &random)))
            case 8: rig.turn(Int.random(in: 1...5, using: &random))
            case 9:
                if rig.intake.isConnected { rig.intake.breakConnection() } else { try rig.intake.mendConnection() }
            case 10 where isReady:
                let running = rig.invoker.pending.count
                rig.invoker.becomeUnavailable(stillRunning: Int.random(in: 0...running, using: &random))
                isReady = false
            default:
                rig.invoker.becomeReady()
                isReady = true
            }
            account.look(at: rig)
        }
        try rig.intake.mendConnection()
        rig.invoker.becomeReady()
        try rig.run("the function to run") { $0.pipeline.status == .running }
        try Self.runOutAfterLosses(rig, &account, &random)
        Self.check(rig, account)
        let seen = Set(account.acknowledged.keys).union(rig.ids(in: "t.f.dead"))
        #expect(seen == Set((1...account.published).map { "e\($0)" }))
        try rig.drain()
    }

    /// As `runOut`, but what runs on without a valid delivery is let finish first.
    private static func runOutAfterLosses(
        _ rig: Rig,
        _ account: inout Account,
        _ random: inout SeededGenerator
    ) throws {
        for _ in 0..<2 * self.concurrency {
            rig.turn(3)
            self.finish(rig, &account, &random)
        }
        while rig.invoker.pending.count > 0 {
            rig.turn(3)
            self.finish(rig, &account, &random)
        }
        try self.runOut(rig, &account, &random)
    }

    @Test(arguments: 200..<220)
    func `a drain in the middle of anything ends, and leaves every event somewhere`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rig = try Rig([.test(concurrency: Self.concurrency, attempts: Self.attempts)])
        try rig.start()
        var account = Account()
        for _ in 0..<Int.random(in: 5..<100, using: &random) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                account.published += 1
                rig.publish("e\(account.published)")
            case 2: Self.finish(rig, &account, &random)
            default: rig.turn(Int.random(in: 1...5, using: &random))
            }
        }
        var isDrained = false
        let begun = rig.invoker.begun.count
        rig.runtime.drain { isDrained = true }
        while !rig.invoker.pending.isEmpty {
            Self.finish(rig, &account, &random)
            rig.turn()
        }
        try rig.run("the end of the drain") { _ in isDrained }
        #expect(rig.invoker.begun.count == begun, "a run was begun during the drain")
        #expect(rig.intake.wrongSettlements == [])
        #expect(rig.broker.counts(of: "t.f").unacknowledged == 0)
        let delayed = (0..<28).flatMap { rig.ids(in: Rig.names.delayLevel($0)) }
        let places = rig.ids(in: "t.f") + rig.ids(in: "t.f.dead") + delayed + account.acknowledged.map(\.key)
        #expect(places.count == account.published)
        #expect(Set(places).count == account.published)
    }
}
