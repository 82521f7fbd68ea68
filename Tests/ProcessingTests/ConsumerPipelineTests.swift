import Invoking
import Manifests
import Messaging
import Processing
import Testing
import WarrenTesting

@testable import Topology

@Suite(.ownThread)
struct ConsumerPipelineTests {
    private static func rig(_ manifest: FunctionManifest? = nil) throws -> Rig {
        let rig = try Rig([manifest ?? .test()])
        try rig.start()
        return rig
    }

    private static func run(_ rig: Rig, _ pending: Int) throws {
        try rig.run("\(pending) invocations") { $0.invoker.pending.count == pending }
    }

    @Test func `a failed event comes back as attempt 2 when its delay is over, with what it was`() throws {
        let rig = try Self.rig()
        rig.publish("a", headers: [("colour", .string("red"))])
        try Self.run(rig, 1)
        #expect(rig.invoker.pending[0].attempt == 1)
        rig.invoker.finish(.failed(.test))
        try rig.settle()
        #expect(rig.broker.isIdle)
        rig.clock.advance(by: .milliseconds(999))
        rig.turn(5)
        #expect(rig.invoker.pending.isEmpty, "before its time")
        rig.clock.advance(by: .milliseconds(1))
        try Self.run(rig, 1)
        let again = rig.invoker.pending[0]
        #expect(again.attempt == 2)
        #expect(again.eventID == "a")
        #expect(again.originalRoutingKey == "order.placed")
        #expect(again.delivery.headers["colour"] == .string("red"))
        rig.invoker.finish(.done(emitted: []))
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.broker.counts(of: "t.f.dead") == InMemoryBroker.Counts())
    }

    @Test func `the last attempt ends in the dead-letter queue, after every attempt was made once`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        for attempt in 1...3 {
            try Self.run(rig, 1)
            #expect(rig.invoker.pending[0].attempt == attempt)
            rig.invoker.finish(.failed(.test))
            try rig.settle()
            rig.clock.advance(by: .seconds(10))
        }
        let letter = try #require(rig.broker.messages(in: "t.f.dead").first)
        #expect(letter.properties.messageID == "a")
        #expect(letter.headers[RuntimeHeaders.deadReason] == .string("exhausted"))
        #expect(letter.headers[RuntimeHeaders.attempt] == .integer(3))
        #expect(letter.headers[RuntimeHeaders.originalRoutingKey] == .string("order.placed"))
        #expect(rig.invoker.begun.count == 3)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    @Test func `the end of a turn visits the consumers that were given something, and no idle one`() throws {
        let rig = try Rig([.test("a", keys: ["busy"]), .test("b", keys: ["idle"])])
        try rig.start()
        for number in 1...20 {
            rig.publish("e\(number)", key: "busy")
            try rig.run(pending: 1)
            #expect(rig.invokers[0].unsent == 0, "in the turn in which it was given")
            rig.invokers[0].finish(.done(emitted: []))
            rig.turn()
        }
        #expect(rig.invokers[0].visits == 20)
        #expect(rig.invokers[1].visits == 0)
        try rig.drain()
    }

    @Test func `an event that nobody takes is parked, and the one that caused it is done`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try Self.run(rig, 1)
        rig.invoker.finish(.done(emitted: [.test("nobody.cares")]))
        try rig.settle()
        let parked = try #require(rig.broker.messages(in: "t.parked").first)
        #expect(parked.headers[RuntimeHeaders.originalExchange] == .string("events"))
        #expect(parked.headers[RuntimeHeaders.originalRoutingKey] == .string("nobody.cares"))
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    @Test func `a delayed event leaves when it is due, and is parked when nobody takes it`() throws {
        let rig = try Self.rig(.test(keys: ["order.#"]))
        rig.publish("a")
        try Self.run(rig, 1)
        rig.invoker.finish(
            .done(emitted: [.test("order.late", delay: .seconds(60)), .test("lost", delay: .seconds(60))])
        )
        try rig.settle()
        #expect(rig.broker.isIdle)
        rig.clock.advance(by: .seconds(60))
        try Self.run(rig, 1)
        #expect(rig.invoker.pending[0].delivery.routingKey == "order.late")
        try rig.run("the other to be parked") { $0.broker.counts(of: "t.parked").ready == 1 }
    }

    @Test func `a scheduled message to an unknown exchange is parked and holds up nothing`() throws {
        let rig = try Self.rig()
        let copies = CopyBuilder(names: Rig.names, host: "h")
        for exchange in ["nowhere", "events"] {
            let message = EventMessage(id: exchange, type: "t", source: "s", timeMilliseconds: 1, payload: [])
                .message(exchange: exchange, routingKey: "order.placed")
            let (scheduled, _) = copies.scheduled(message, after: .milliseconds(100), now: 0)
            var due = scheduled
            (due.exchange, due.routingKey) = (Rig.names.delayDone, scheduled.routingKey)
            rig.broker.publish([due]) { #expect($0 == [.confirmed]) }
        }
        try Self.run(rig, 1)
        #expect(rig.invoker.pending[0].eventID == "events")
        try rig.run("the other to be parked") { $0.ids(in: "t.parked") == ["nowhere"] }
    }

    @Test func `a scheduled message that is too large to take is parked with its body`() throws {
        let rig = try Rig([.test()], bodyLimit: 100)
        try rig.start()
        let body = [UInt8](repeating: 7, count: 101)
        let message = EventMessage(id: "big", type: "t", source: "s", timeMilliseconds: 1, payload: body[...])
            .message(exchange: "events", routingKey: "order.placed")
        var due = CopyBuilder(names: Rig.names, host: "h").scheduled(message, after: .zero, now: 0).message
        due.exchange = Rig.names.delayDone
        rig.broker.publish([due]) { #expect($0 == [.confirmed]) }
        try rig.run("it to be parked") { $0.broker.counts(of: "t.parked").ready == 1 }
        #expect(rig.broker.messages(in: "t.parked").first?.body.count == 101)
    }

    @Test func `an unavailable invoker gives everything back and takes it up when it is ready`() throws {
        let rig = try Self.rig(.test(concurrency: 2))
        for number in 0..<5 { rig.publish("\(number)") }
        try Self.run(rig, 2)
        rig.invoker.becomeUnavailable("no executable")
        #expect(rig.pipeline.status == .unhealthy(reason: "no executable"))
        try rig.run("all to be back") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 5) }
        rig.invoker.becomeReady()
        try Self.run(rig, 2)
        #expect(rig.pipeline.status == .running)
        for _ in 0..<5 {
            try rig.run("an invocation") { !$0.invoker.pending.isEmpty }
            rig.invoker.finish(.done(emitted: []))
        }
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `what still ran when the invoker gave up is settled with the subscription that it came from`() throws {
        let rig = try Self.rig(.test(concurrency: 2))
        rig.publish("a")
        rig.publish("b")
        try Self.run(rig, 2)
        rig.invoker.becomeUnavailable(stillRunning: 1)
        // Ready again before the broker has confirmed the end, and then on a new subscription.
        rig.invoker.becomeReady()
        try Self.run(rig, 2)
        #expect(rig.invoker.pending.map(\.eventID) == ["b", "a"])
        rig.invoker.finish(.done(emitted: []))
        rig.turn(5)
        #expect(rig.intake.acknowledged == 1)
        #expect(rig.intake.wrongSettlements == [])
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(unacknowledged: 1))
        rig.invoker.finish(.done(emitted: []))
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    @Test func `a drain gives back what waits, and lets run and settles what runs`() throws {
        let rig = try Self.rig(.test(concurrency: 2))
        for number in 0..<5 { rig.publish("\(number)") }
        try Self.run(rig, 2)
        var isDrained = false
        rig.runtime.drain { isDrained = true }
        rig.turn(10)
        #expect(!isDrained)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 3, unacknowledged: 2))
        rig.invoker.finish(.failed(.test))
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the end of the drain") { _ in isDrained }
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 3))
        #expect(rig.broker.nextExpiry == .milliseconds(800), "the failed one is on its way back, in its first hop")
        #expect(rig.invoker.isStopped)
        #expect(rig.invoker.begun.count == 2)
        #expect(rig.pipeline.status == .stopped)
    }

    @Test func `a function whose workers cannot start yet begins when they can`() throws {
        let rig = try Rig([.test()])
        rig.invoker.isReadyAtOnce = false
        rig.begin()
        rig.invoker.becomeUnavailable("no executable")
        try rig.run("the queue") { $0.pipeline.isTopologyReady }
        #expect(rig.pipeline.status == .unhealthy(reason: "no executable"))
        rig.publish("a")
        rig.invoker.becomeReady()
        try Self.run(rig, 1)
        #expect(rig.pipeline.status == .running)
    }

    @Test func `a deleted queue is declared again, and its function recovers`() throws {
        let rig = try Self.rig()
        let before = rig.observed.finishedDeclarations
        rig.broker.delete(queue: "t.f")
        try rig.run("the interruption") { $0.pipeline.status != .running }
        // Its bindings come after the queue, from which the broker delivers as soon as it is there.
        try rig.run("the queue to be back") {
            $0.pipeline.status == .running && $0.observed.finishedDeclarations > before
        }
        rig.publish("a")
        try Self.run(rig, 1)
    }

    @Test func `a delivery that is too large is dead-lettered by the broker, unread`() throws {
        let rig = try Rig([.test()], bodyLimit: 1)
        try rig.start()
        rig.publish("big")
        try rig.run("the dead letter") { $0.ids(in: "t.f.dead") == ["big"] }
        #expect(rig.invoker.begun.isEmpty)
    }

    @Test func `an emitted event has the same id when its cause is run again, even a cause without an id`() throws {
        let rig = try Self.rig()
        rig.publish(BasicProperties(), key: "order.placed")
        try Self.run(rig, 1)
        let first = rig.invoker.pending[0].eventID
        rig.invoker.becomeUnavailable()
        rig.invoker.becomeReady()
        try Self.run(rig, 1)
        #expect(rig.invoker.pending[0].delivery.isRedelivered)
        #expect(rig.invoker.pending[0].eventID == first)
    }
}
