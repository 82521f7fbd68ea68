import Invoking
import Manifests
import Messaging
import Processing
import SeededGeneration
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
        /// How often each was done: without and with events of its own.
        var done: [String: Int] = [:]
        var emitting: [String: Int] = [:]
        var worst = 0

        mutating func publish(on rig: Rig) {
            self.published += 1
            rig.publish("e\(self.published)")
        }

        mutating func look(at rig: Rig) {
            self.worst = max(self.worst, rig.pending)
            #expect(rig.pending <= PipelinePropertyTests.concurrency)
        }

        /// Every event has ended in exactly one place, once.
        func check(_ rig: Rig) {
            let dead = rig.ids(in: "t.f.dead")
            let places = Array(self.done.keys) + Array(self.emitting.keys) + dead
            #expect(Set(places) == Set((1...max(1, self.published)).map { "e\($0)" }))
            #expect(places.count == self.published, "in one place")
            for count in Array(self.done.values) + Array(self.emitting.values) { #expect(count == 1, "done twice") }
            #expect(rig.broker.counts(of: "t.parked").ready == self.emitting.count)
            #expect(rig.intake.wrongSettlements == [])
            #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
            let begun = (rig.invokers + rig.laterInvokers).flatMap(\.begun)
            #expect(begun.allSatisfy { $0.attempt <= PipelinePropertyTests.attempts })
            #expect(self.worst > 0)
        }
    }

    private static func finish(_ rig: Rig, _ account: inout Account, _ random: inout SeededGenerator) {
        let busy = (rig.invokers + rig.laterInvokers).filter { !$0.pending.isEmpty }
        guard let invoker = busy.randomElement(using: &random),
            let index = invoker.pending.indices.randomElement(using: &random)
        else { return }
        let id = invoker.pending[index].eventID
        let outcome = self.outcome(&random)
        if case .done(let emitted) = outcome {
            if emitted.isEmpty { account.done[id, default: 0] += 1 } else { account.emitting[id, default: 0] += 1 }
        }
        invoker.finish(at: index, outcome)
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
                account.publish(on: rig)
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
        account.check(rig)
        try rig.drain()
    }

    @Test(arguments: 100..<120)
    func `over losses, too, every event ends in exactly one place, and is done once`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rig = try Rig([.test(concurrency: Self.concurrency, attempts: Self.attempts)])
        try rig.start()
        var account = Account()
        var isReady = true
        for _ in 0..<300 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<3:
                account.publish(on: rig)
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
        while rig.pending > 0 {
            rig.turn(3)
            Self.finish(rig, &account, &random)
        }
        try Self.runOut(rig, &account, &random)
        account.check(rig)
        try rig.drain()
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
                account.publish(on: rig)
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
        let places =
            rig.ids(in: "t.f") + rig.ids(in: "t.f.dead") + delayed + Array(account.done.keys)
            + Array(account.emitting.keys)
        #expect(places.count == account.published)
        #expect(Set(places).count == account.published)
    }
}
