import Invoking
import Manifests
import Messaging
import Testing
import WarrenTesting

@testable import Processing

/// Two messages of one event: it never runs twice at the same time.
@Suite(.ownThread)
struct DuplicateTests {
    private static func rig() throws -> Rig {
        let rig = try Rig([.test()])
        try rig.start()
        return rig
    }

    @Test func `an event that was published twice runs again when its first run has ended`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        rig.publish("a")
        rig.publish("b")
        try rig.run(pending: 2)
        rig.turn(5)
        #expect(rig.invoker.begun.count == 2, "a and b")
        rig.invoker.finish(.done(emitted: []))
        try rig.run(pending: 2)
        #expect(rig.invoker.begun.count == 3)
        try rig.finishAll()
        #expect(rig.intake.acknowledged == 3)
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `the copy of a retry waits for the run of what it should have replaced`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.invoker.finish(.failed(.test))
        try rig.settle()
        // A host that was killed after the copy had been confirmed leaves its original in the queue.
        rig.publish("a")
        try rig.run(pending: 1)
        rig.clock.advance(by: .seconds(1))
        rig.turn(5)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(unacknowledged: 2))
        #expect(rig.invoker.pending.map(\.attempt) == [1])
        rig.invoker.finish(.done(emitted: []))
        try rig.run(pending: 1)
        #expect(rig.invoker.pending.map(\.attempt) == [2])
        try rig.finishAll()
    }

    @Test func `events that only look alike run at the same time`() throws {
        let rig = try Self.rig()
        rig.publish("a", of: "shop")
        rig.publish("a", of: "web")
        for _ in 0..<2 { rig.publish(BasicProperties(), key: "order.placed") }
        try rig.run(pending: 4)
        try rig.finishAll()
    }

    @Test func `what waits for a run is delivered again after the connection is lost, and waits again`() throws {
        let rig = try Self.rig()
        rig.publish("a", headers: [("number", .integer(1))])
        rig.publish("a", headers: [("number", .integer(2))])
        try rig.run(pending: 1)
        rig.turn(5)
        rig.intake.breakConnection()
        try rig.intake.mendConnection()
        try rig.run("both to be delivered again") {
            $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(unacknowledged: 2)
        }
        rig.turn(5)
        #expect(rig.invoker.begun.count == 1)
        rig.invoker.finish(.done(emitted: []))
        try rig.run(pending: 1)
        #expect(rig.invoker.begun.count == 2)
        try rig.finishAll()
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `what waits for a run goes back to the queue when the host drains`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        rig.publish("a")
        try rig.run(pending: 1)
        rig.turn(5)
        var isDrained = false
        rig.runtime.drain { isDrained = true }
        rig.turn(5)
        #expect(!isDrained)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 1, unacknowledged: 1))
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the end of the drain") { _ in isDrained }
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 1))
    }

    @Test func `what waits for a run goes back to the queue when no worker is left`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        rig.publish("a")
        try rig.run(pending: 1)
        rig.turn(5)
        rig.invoker.becomeUnavailable()
        try rig.run("both to be back") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 2) }
        rig.invoker.becomeReady()
        try rig.run(pending: 1)
        rig.turn(5)
        #expect(rig.invoker.begun.count == 2)
        try rig.finishAll()
        #expect(rig.intake.wrongSettlements == [])
    }
}
