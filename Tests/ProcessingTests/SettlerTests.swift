import EventLoops
import Messaging
import Processing
import Testing
import Topology
import WarrenTesting

@Suite(.ownThread)
struct SettlerTests {
    @Test func `events that fail together have the delay levels declared once`() throws {
        let rig = try Rig([.test(concurrency: 200)])
        try rig.start()
        let before = rig.observed.declarations
        for number in 0..<200 { rig.publish("\(number)") }
        try rig.run("all to be begun") { $0.invoker.pending.count == 200 }
        for _ in 0..<200 { rig.invoker.finish(.failed(.test)) }
        try rig.settle()
        #expect(rig.observed.declarations - before == 1)
        #expect(rig.broker.counts(of: "t.delay.03").ready == 200)
    }

    @Test func `a dead-letter queue that was deleted is declared again and gets its letter`() throws {
        let rig = try Rig([.test()])
        try rig.start()
        rig.broker.delete(queue: "t.f.dead")
        rig.publish("a")
        try rig.run("it to be begun") { $0.invoker.pending.count == 1 }
        rig.invoker.finish(.rejected(.test))
        try rig.settle()
        #expect(rig.ids(in: "t.f.dead") == ["a"])
    }

    @Test func `a parked queue that was deleted is declared again and keeps the event`() throws {
        let rig = try Rig([.test()])
        try rig.start()
        rig.broker.delete(queue: "t.parked")
        rig.publish("a")
        try rig.run("it to be begun") { $0.invoker.pending.count == 1 }
        rig.invoker.finish(.done(emitted: [.test("nobody.cares")]))
        try rig.settle()
        #expect(rig.broker.counts(of: "t.parked").ready == 1)
    }

    @Test func `a delivery stays unacknowledged until what replaces it is confirmed`() throws {
        let rig = try Rig([.test()])
        try rig.start()
        rig.observed.isHolding = true
        rig.publish("a")
        try rig.run("it to be begun") { $0.invoker.pending.count == 1 }
        rig.invoker.finish(.rejected(.test))
        rig.turn(10)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(unacknowledged: 1))
        rig.observed.isHolding = false
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.ids(in: "t.f.dead") == ["a"])
    }

    @Test func `what the broker cannot take now is published again after a pause`() throws {
        let rig = try Rig([.test()])
        try rig.start()
        rig.observed.nacks = 1
        rig.publish("a")
        try rig.run("it to be begun") { $0.invoker.pending.count == 1 }
        let start = SteadyInstant.now
        rig.invoker.finish(.rejected(.test))
        try rig.settle()
        #expect(SteadyInstant.now - start >= .milliseconds(500))
        #expect(rig.ids(in: "t.f.dead") == ["a"], "once")
    }

    @Test(arguments: [BrokerError.Kind.accessRefused, .mismatch])
    func `what the broker goes on refusing is dead-lettered by the broker itself, and holds up nothing`(
        kind: BrokerError.Kind
    ) throws {
        let rig = try Rig([.test()])
        try rig.start()
        rig.publish("a")
        try rig.run("it to be begun") { $0.invoker.pending.count == 1 }
        rig.observed.isHolding = true
        rig.observed.heldResult = .refused(BrokerError(kind, "too large"))
        rig.invoker.finish(.failed(.test))
        // Each try waits in the broker until it is released.
        try rig.run("the third refusal") { rig in
            rig.observed.isHolding = false
            rig.observed.isHolding = true
            return rig.settler.pending == 0
        }
        rig.observed.heldResult = nil
        rig.observed.isHolding = false
        try rig.settle()
        #expect(rig.ids(in: "t.f.dead") == ["a"])
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }
}
