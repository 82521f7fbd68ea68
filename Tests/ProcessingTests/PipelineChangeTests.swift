import Invoking
import Manifests
import Messaging
import Testing
import Topology
import WarrenTesting

@testable import Processing

/// Another version of a function takes over while events run.
@Suite(.ownThread)
struct PipelineChangeTests {
    private static func rig(_ manifest: FunctionManifest? = nil) throws -> Rig {
        let rig = try Rig([manifest ?? .test()])
        try rig.start()
        return rig
    }

    /// Differs from `.test()` in nothing but the workers.
    private static func next(_ grace: Int = 7, concurrency: Int = 4) throws -> FunctionManifest {
        try .test(concurrency: concurrency).with { $0.timeout = .seconds(grace) }
    }

    private static func deploy(_ rig: Rig, _ manifests: [FunctionManifest], expecting count: Int = 1) throws {
        rig.deploy(manifests)
        try rig.run("the new version's workers") { $0.laterInvokers.count == count }
    }

    @Test func `the new version is ready before the old one stops, on the same consumer`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        try Self.deploy(rig, [Self.next()])
        rig.publish("b")
        try rig.run(pending: 2)
        #expect(rig.invoker.pending.map(\.eventID) == ["a", "b"], "the old one goes on until the new one is ready")
        rig.laterInvokers[0].becomeReady()
        rig.publish("c")
        try rig.run(pending: 3)
        #expect(rig.laterInvokers[0].pending.map(\.eventID) == ["c"])
        #expect(!rig.invoker.isStopped)
        rig.invoker.finish(.done(emitted: []))
        #expect(!rig.invoker.isStopped)
        rig.invoker.finish(.failed(.test))
        #expect(rig.invoker.isStopped, "with the last of what it ran")
        rig.laterInvokers[0].finish(.done(emitted: []))
        try rig.run("the queue to be empty") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        rig.clock.advance(by: .seconds(1))
        try rig.run(pending: 1)
        #expect(rig.laterInvokers[0].pending.map(\.attempt) == [2], "what failed in the old one is retried by the new")
        #expect(rig.intake.subscriptionCount == 2, "the function's and the relay's")
        #expect(rig.reported == [.running])
        #expect(rig.pipeline.manifest.timeout == .seconds(7))
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `both versions together never run more than the concurrency`() throws {
        let rig = try Self.rig()
        for number in 0..<12 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeReady()
        for left in (0..<4).reversed() {
            rig.turn(5)
            #expect(rig.pending == 4)
            #expect(rig.invoker.pending.count == left + 1)
            rig.invoker.finish(.done(emitted: []))
        }
        try rig.finishAll()
        #expect(rig.invoker.begun.count + rig.laterInvokers[0].begun.count == 12)
    }

    @Test func `a smaller concurrency holds as soon as it can`() throws {
        let rig = try Self.rig()
        for number in 0..<12 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        try Self.deploy(rig, [Self.next(concurrency: 2)])
        rig.laterInvokers[0].becomeReady()
        for _ in 0..<2 { rig.invoker.finish(.done(emitted: [])) }
        rig.turn(5)
        #expect(rig.pending == 2)
        #expect(rig.laterInvokers[0].begun.isEmpty)
        rig.invoker.finish(.done(emitted: []))
        try rig.run("one of the new version") { $0.laterInvokers[0].pending.count == 1 }
        rig.invoker.finish(.done(emitted: []))
        try rig.finishAll()
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `another prefetch is a new consumer before the old one goes, and no event falls in between`() throws {
        let rig = try Self.rig()
        for number in 0..<30 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        try Self.deploy(rig, [Self.next(concurrency: 8)])
        rig.laterInvokers[0].becomeReady()
        try rig.run(pending: 8)
        #expect(rig.intake.subscriptionCount == 3)
        for number in 30..<40 { rig.publish("\(number)") }
        try rig.finishAll()
        let begun = (rig.invoker.begun + rig.laterInvokers[0].begun).map(\.eventID)
        #expect(Set(begun).count == 40 && begun.count == 40)
        #expect(rig.intake.wrongSettlements == [])
        #expect(rig.reported.allSatisfy { !$0.isUnhealthy })
    }

    @Test func `what the old version had not begun goes over to the new one, as the same attempt`() throws {
        let rig = try Self.rig()
        for number in 0..<4 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        rig.invoker.withdrawable = 3
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeReady()
        #expect(rig.invoker.pending.map(\.eventID) == ["0"])
        #expect(rig.laterInvokers[0].pending.map(\.eventID) == ["1", "2", "3"])
        #expect(rig.laterInvokers[0].pending.allSatisfy { $0.attempt == 1 })
        rig.invoker.finish(.done(emitted: []))
        #expect(rig.invoker.isStopped)
        try rig.finishAll()
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `a version that cannot start is dropped, and the running one goes on untouched`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeUnavailable("it cannot be started")
        #expect(rig.laterInvokers[0].isStopped)
        #expect(rig.pipeline.status == .running)
        #expect(rig.pipeline.manifest.timeout != .seconds(7))
        rig.publish("b")
        try rig.run(pending: 2)
        #expect(rig.invoker.begun.count == 2)
        // The same again is not tried again; another one is.
        rig.deploy([try Self.next()])
        rig.turn(5)
        #expect(rig.laterInvokers.count == 1)
        try Self.deploy(rig, [Self.next(8)], expecting: 2)
        rig.laterInvokers[1].becomeReady()
        #expect(rig.pipeline.manifest.timeout == .seconds(8))
    }

    @Test func `a version that never could run anything gives way to one that cannot either`() throws {
        let rig = try Rig([.test()])
        rig.invoker.isReadyAtOnce = false
        rig.begin()
        rig.invoker.becomeUnavailable("no executable")
        try rig.run("the queue") { $0.pipeline.isTopologyReady }
        rig.publish("a")
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeUnavailable("not this one either")
        #expect(rig.pipeline.status == .unhealthy(reason: "not this one either"))
        #expect(rig.invoker.isStopped)
        rig.laterInvokers[0].becomeReady()
        try rig.run("the event") { $0.laterInvokers[0].pending.count == 1 }
        #expect(rig.laterInvokers[0].pending[0].attempt == 1)
    }

    @Test func `a version that could run, and will again, does not give way to one that cannot`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.invoker.becomeUnavailable("no executable")
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeUnavailable("not this one either")
        #expect(rig.pipeline.status == .unhealthy(reason: "no executable"))
        #expect(rig.laterInvokers[0].isStopped && !rig.invoker.isStopped)
        rig.invoker.becomeReady()
        try rig.run("the event") { $0.invoker.pending.count == 1 }
        #expect(rig.invoker.pending[0].attempt == 1)
        #expect(rig.pipeline.manifest.timeout != .seconds(7))
    }

    @Test func `while a version cannot run, one that can takes its place`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.invoker.becomeUnavailable("no executable")
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeReady()
        try rig.run("the event") { $0.laterInvokers[0].pending.count == 1 }
        #expect(rig.pipeline.status == .running)
        #expect(rig.invoker.isStopped)
    }

    @Test func `a later change takes the place of one that is under way`() throws {
        let rig = try Self.rig()
        try Self.deploy(rig, [Self.next(7)])
        try Self.deploy(rig, [Self.next(8)], expecting: 2)
        #expect(rig.laterInvokers[0].isStopped)
        rig.laterInvokers[0].becomeReady()
        #expect(rig.pipeline.manifest.timeout == .seconds(30), "it is too late for the first")
        rig.laterInvokers[1].becomeReady()
        #expect(rig.pipeline.manifest.timeout == .seconds(8))
        #expect(rig.invoker.isStopped)
        rig.publish("a")
        try rig.run(pending: 1)
        #expect(rig.laterInvokers[1].pending.count == 1)
    }

    @Test func `a change that is taken back leaves everything as it was`() throws {
        let rig = try Self.rig()
        try Self.deploy(rig, [Self.next().with { $0.keys = [try .orderPaid] }])
        rig.deploy([try .test()])
        #expect(rig.laterInvokers[0].isStopped)
        #expect(!rig.invoker.isStopped)
        rig.turn(5)
        #expect(!rig.isRouted("order.paid"), "nothing of it was bound")
        rig.publish("a")
        try rig.run(pending: 1)
        #expect(rig.invoker.pending.count == 1)
    }

    @Test func `the bad news of a change that was given up does not reach the one that took its place`() throws {
        let rig = try Self.rig()
        // The broker refuses this one: the arguments of a queue never change.
        try Self.deploy(rig, [Self.next(7).with { $0.ordered = true }])
        rig.laterInvokers[0].becomeReady()
        try Self.deploy(rig, [Self.next(8).with { $0.keys = [try .orderPaid] }], expecting: 2)
        rig.laterInvokers[1].becomeReady()
        try rig.run("the change") { $0.pipeline.manifest.timeout == .seconds(8) }
        try rig.run("its key to be bound") { $0.isRouted("order.paid") }
    }

    @Test func `what the broker refuses to declare is rejected, and the running version goes on`() throws {
        let rig = try Self.rig()
        let before = rig.observed.declarations
        try Self.deploy(rig, [Self.next().with { $0.ordered = true }])
        #expect(rig.observed.declarations == before, "nothing is declared for workers that may never come")
        rig.laterInvokers[0].becomeReady()
        try rig.run("the broker's word") { $0.laterInvokers[0].isStopped }
        rig.publish("a")
        try rig.run(pending: 1)
        #expect(rig.pipeline.status == .running)
    }

    @Test func `other keys: the old version hears none of the new ones, and the new one none of the old`() throws {
        let rig = try Self.rig()
        try Self.deploy(rig, [Self.next().with { $0.keys = [try .orderPaid] }])
        rig.turn(5)
        #expect(!rig.isRouted("order.paid") && rig.isRouted("order.placed"))
        rig.laterInvokers[0].becomeReady()
        try rig.run("the old key to be unbound") { !$0.isRouted("order.placed") }
        try rig.run("the new key to be bound") { $0.isRouted("order.paid") }
        #expect(rig.pipeline.status == .running)
    }

    @Test func `old workers that cannot run what is left of them give it back and end`() throws {
        let rig = try Self.rig()
        for number in 0..<3 { rig.publish("\(number)") }
        try rig.run(pending: 3)
        try Self.deploy(rig, [Self.next()])
        rig.laterInvokers[0].becomeReady()
        rig.invoker.becomeUnavailable("they died, and no others can be started")
        #expect(rig.invoker.isStopped)
        try rig.run("the new version to run them") { $0.laterInvokers[0].pending.count == 3 }
        #expect(rig.laterInvokers[0].pending.allSatisfy { $0.attempt == 1 })
        #expect(rig.pipeline.status == .running)
    }

    @Test func `deaths and failures of the old version say nothing about the new one`() throws {
        let rig = try Self.rig(.test().with { $0.breaker = BreakerPolicy(failures: 2) })
        for number in 0..<4 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        try Self.deploy(rig, [Self.next().with { $0.breaker = BreakerPolicy(failures: 2) }])
        rig.laterInvokers[0].becomeReady()
        for _ in 0..<Breaker.deaths { rig.invoker.die() }
        for _ in 0..<4 { rig.invoker.finish(.failed(.test)) }
        #expect(rig.pipeline.status == .running)
        #expect(rig.invoker.isStopped)
    }

    @Test func `a drain gives a change up and lets both versions end`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        try Self.deploy(rig, [Self.next(7)])
        rig.laterInvokers[0].becomeReady()
        rig.publish("b")
        try rig.run(pending: 2)
        try Self.deploy(rig, [Self.next(8)], expecting: 2)
        var isDrained = false
        rig.runtime.drain { isDrained = true }
        rig.turn(5)
        #expect(rig.laterInvokers[1].isStopped && !isDrained)
        rig.invoker.finish(.done(emitted: []))
        rig.turn(5)
        #expect(rig.invoker.isStopped && !isDrained)
        rig.laterInvokers[0].finish(.done(emitted: []))
        try rig.run("the end of the drain") { _ in isDrained }
        #expect(rig.laterInvokers[0].isStopped)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    /// The intake then reports the end of the old subscription from inside of the call that ends it.
    @Test func `a change of concurrency while the broker is away leaves one subscription`() throws {
        let manifest = try FunctionManifest.test(concurrency: 1)
        let rig = try Rig([manifest])
        try rig.start()
        try rig.run("the status") { $0.pipeline.status == .running }
        rig.intake.breakConnection()
        rig.deploy([manifest.with { $0.concurrency = 5 }])
        try rig.run("the new version") { $0.laterInvokers.count == 1 }
        rig.laterInvokers[0].becomeReady()
        try rig.run("the change") { $0.pipeline.manifest.concurrency == 5 }
        try rig.intake.mendConnection()
        for number in 0..<40 { rig.publish("\(number)") }
        try rig.run(pending: 5)
        try rig.finishAll()
        // The relay of scheduled messages has one, too.
        #expect(rig.intake.subscriptionCount == 3)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(Set(rig.laterInvokers[0].begun.map(\.eventID)).count == 40)
        #expect(rig.laterInvokers[0].begun.count == 40)
        #expect(rig.intake.wrongSettlements == [])
    }
}

extension RoutingPattern {
    static var orderPaid: RoutingPattern {
        get throws { try RoutingPattern("order.paid") }
    }
}

extension Rig {
    /// Whether the function's queue is bound by this key.
    func isRouted(_ key: String, to queue: String = "t.f") -> Bool {
        self.observed.bindings.contains {
            $0.source == "events" && $0.routingKey == key && $0.destination == .queue(queue)
        }
    }
}
