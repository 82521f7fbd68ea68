import EventLoops
import Invoking
import Manifests
import Messaging
import PatientPolling
import SeededGeneration
import Testing
import Topology
import WarrenTesting

@testable import Processing

/// Random histories of a function that changes, dies, is paused and loses its broker: no event is lost, settled twice
/// or run too often, and never more in flight than allowed over all versions.
@Suite(.ownThread)
struct PipelineHistoryPropertyTests {
    private static let concurrency = 4
    private static let attempts = 3

    private static func version(_ number: Int) throws -> FunctionManifest {
        try .test(concurrency: self.concurrency, attempts: self.attempts).with {
            $0.timeoutGrace = .seconds(number % 60)
            // Every third has another prefetch, and so another consumer.
            $0.timeout = .seconds(number % 3 == 0 ? 300 : 30)
            $0.breaker = BreakerPolicy(failures: 4, window: .seconds(60), pause: .milliseconds(2))
            $0.keys = number % 4 == 0 ? [try .orderPaid, try RoutingPattern("order.placed")] : $0.keys
        }
    }

    private struct History {
        let rig: Rig
        var random: SeededGenerator
        var published = 0
        var version = 1
        /// By event, how often it was done.
        var done: [String: Int] = [:]
        var living: [ScriptedInvoker] { (self.rig.invokers + self.rig.laterInvokers).filter { !$0.isStopped } }

        mutating func step() throws {
            switch Int.random(in: 0..<32, using: &self.random) {
            case 0..<8:
                self.published += 1
                self.rig.publish("e\(self.published)")
            case 8..<16: self.finish()
            case 16, 17: self.rig.clock.advance(by: .milliseconds(Int.random(in: 0..<3000, using: &self.random)))
            case 18..<22: self.rig.turn(Int.random(in: 1...4, using: &self.random))
            case 22, 23:
                self.version = Int.random(in: 1...1000, using: &self.random)
                self.rig.deploy([try PipelineHistoryPropertyTests.version(self.version)])
            case 24, 25: self.living.filter { !$0.isReady }.randomElement(using: &self.random)?.becomeReady()
            case 26: self.fail()
            case 27, 28:
                guard let invoker = self.living.randomElement(using: &self.random) else { return }
                invoker.withdrawable = Int.random(in: 0...invoker.pending.count, using: &self.random)
                for _ in 0..<Int.random(in: 1...3, using: &self.random) { invoker.die() }
            case 29: self.rig.intake.breakConnection()
            default: try self.rig.intake.mendConnection()
            }
        }

        mutating func fail() {
            guard let invoker = self.living.randomElement(using: &self.random) else { return }
            let running = Int.random(in: 0...invoker.pending.count, using: &self.random)
            invoker.becomeUnavailable(stillRunning: running)
        }

        mutating func finish() {
            let busy = (self.rig.invokers + self.rig.laterInvokers).filter { !$0.pending.isEmpty }
            guard let invoker = busy.randomElement(using: &self.random),
                let index = invoker.pending.indices.randomElement(using: &self.random)
            else { return }
            let id = invoker.pending[index].eventID
            switch Int.random(in: 0..<10, using: &self.random) {
            case 0..<3:
                self.done[id, default: 0] += 1
                invoker.finish(at: index, .done(emitted: []))
            case 3..<7: invoker.finish(at: index, .failed(.test))
            case 7: invoker.finish(at: index, .later(after: .milliseconds(500), .test))
            case 8: invoker.finish(at: index, .rejected(.test))
            default:
                // The index holds as long as nothing is taken back.
                invoker.withdrawable = 0
                invoker.die()
                invoker.finish(at: index, .crashed(.test))
            }
        }

        /// Mends everything and runs until nothing is left anywhere on the way.
        mutating func runOut() throws {
            try self.rig.intake.mendConnection()
            let deadline = SteadyInstant.now + Patience.usual
            while true {
                guard SteadyInstant.now < deadline else {
                    throw OutOfPatience(waitingFor: "end", found: "left: \(self.rig.broker.counts(of: "t.f"))")
                }
                for invoker in self.living where !invoker.isReady { invoker.becomeReady() }
                self.rig.turn()
                self.look()
                if self.rig.pending > 0 {
                    self.finish()
                } else if self.rig.settler.pending == 0, self.rig.broker.counts(of: "t.f") == InMemoryBroker.Counts() {
                    guard let expiry = self.rig.broker.nextExpiry else { return }
                    self.rig.clock.advance(by: expiry - self.rig.clock.now)
                }
            }
        }

        func look() {
            #expect(self.rig.pending <= PipelineHistoryPropertyTests.concurrency)
            #expect(self.living.count <= 2 + PipelineHistoryPropertyTests.concurrency, "old versions end")
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `whatever happens, every event ends in exactly one place, after no more attempts than allowed`(
        seed: UInt64
    ) throws {
        let rig = try Rig([Self.version(1)])
        try rig.start()
        var history = History(rig: rig, random: SeededGenerator(seed: seed))
        for _ in 0..<400 {
            try history.step()
            history.look()
        }
        try history.runOut()
        let dead = rig.ids(in: "t.f.dead")
        let places = Array(history.done.keys) + dead
        #expect(places.count == history.published, "in one place")
        #expect(Set(places) == Set((1...max(1, history.published)).map { "e\($0)" }))
        #expect(history.done.values.allSatisfy { $0 == 1 }, "done twice")
        #expect(rig.intake.wrongSettlements == [])
        let begun = (rig.invokers + rig.laterInvokers).flatMap(\.begun)
        #expect(begun.allSatisfy { $0.attempt <= Self.attempts })
        try rig.drain()
        for invoker in rig.invokers + rig.laterInvokers { #expect(invoker.isStopped) }
    }
}
