import Invoking
import Manifests
import Messaging
import Testing
import Topology
import WarrenTesting

@testable import Processing

/// What is delivered again because the connection was lost over it.
@Suite(.ownThread)
struct RedeliveryTests {
    private static func rig(_ manifest: FunctionManifest? = nil) throws -> Rig {
        let rig = try Rig([manifest ?? .test()])
        try rig.start()
        return rig
    }

    private static func breakAndMend(_ rig: Rig) throws {
        rig.intake.breakConnection()
        #expect(rig.pipeline.status == .disconnected)
        try rig.intake.mendConnection()
        try rig.run("the function to run") { $0.pipeline.status == .running }
    }

    @Test func `a drain while the connection is away waits for no answer of the broker`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        var isDrained = false
        rig.runtime.drain { isDrained = true }
        rig.invoker.finish(.done(emitted: []))
        rig.turn(5)
        #expect(isDrained)
    }

    @Test func `another prefetch while the connection is away leaves one subscription, which works`() throws {
        let rig = try Self.rig()
        let count = rig.intake.subscriptionCount
        rig.intake.breakConnection()
        rig.deploy([try .test(concurrency: 7)])
        try rig.run("the other version to be started") { $0.laterInvokers.count == 1 }
        rig.laterInvokers[0].becomeReady()
        try rig.run("another subscription") { $0.intake.subscriptionCount > count }
        try rig.intake.mendConnection()
        for number in 0..<20 { rig.publish("a-\(number)") }
        try rig.finishAll()
        #expect(rig.intake.subscriptionCount == count + 1)
        #expect(rig.intake.acknowledged == 20)
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `an event that still runs is not run again: the new delivery takes the place of the old`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        try Self.breakAndMend(rig)
        rig.turn(5)
        #expect(rig.invoker.begun.count == 1)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(unacknowledged: 1))
        rig.invoker.finish(.done(emitted: []))
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.intake.acknowledged == 1)
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `what fails after it was delivered again is retried once, as attempt 2`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        try Self.breakAndMend(rig)
        rig.turn(5)
        rig.invoker.finish(.failed(.test))
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        rig.clock.advance(by: .seconds(1))
        try rig.run(pending: 1)
        #expect(rig.invoker.pending[0].attempt == 2)
    }

    @Test func `what succeeded while the connection was away is acknowledged and not run again`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        rig.invoker.finish(.done(emitted: []))
        try rig.intake.mendConnection()
        try rig.settle()
        #expect(rig.invoker.begun.count == 1)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        rig.publish("a")
        try rig.run(pending: 1)
        #expect(rig.invoker.begun.count == 2, "published again it is run again")
    }

    @Test func `what failed while the connection was away is run again, without a copy beside it`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        rig.invoker.finish(.failed(.test))
        try rig.intake.mendConnection()
        try rig.run(pending: 1)
        #expect(rig.broker.nextExpiry == nil, "a copy of a void delivery was published")
        #expect(rig.invoker.pending[0].attempt == 1)
        #expect(rig.invoker.begun.count == 2)
    }

    @Test func `with every place taken, what comes again waits, and is done when its run is`() throws {
        let rig = try Self.rig(.test(concurrency: 2))
        for id in ["a", "b", "c"] { rig.publish(id) }
        try rig.run(pending: 2)
        try Self.breakAndMend(rig)
        rig.turn(5)
        #expect(rig.invoker.begun.count == 2)
        try rig.finishAll()
        #expect(rig.invoker.begun.map(\.eventID).sorted() == ["a", "b", "c"])
    }

    @Test func `an acknowledgement that was not sent when the connection was lost is made up for`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.intake.isHoldingFlushes = true
        rig.invoker.finish(.done(emitted: []))
        rig.turn(3)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(unacknowledged: 1))
        rig.intake.isHoldingFlushes = false
        try Self.breakAndMend(rig)
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.invoker.begun.count == 1)
    }

    @Test(arguments: [Outcome.done(emitted: [.test("nobody.cares")]), .failed(.test), .rejected(.test)])
    func `nor is it run again when its copy or its events had left`(outcome: Outcome) throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.intake.isHoldingFlushes = true
        rig.invoker.finish(outcome)
        try rig.run("the publish") { $0.settler.pending == 0 }
        rig.intake.isHoldingFlushes = false
        try Self.breakAndMend(rig)
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.invoker.begun.count == 1)
        let copies = (0..<28).map { rig.broker.counts(of: Rig.names.delayLevel($0)).ready }.reduce(0, +)
        #expect(copies + rig.ids(in: "t.f.dead").count + rig.broker.counts(of: "t.parked").ready == 1)
    }

    @Test func `a delivery that comes again while its copy is being published is acknowledged with it`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.observed.isHolding = true
        rig.invoker.finish(.rejected(.test))
        rig.turn(3)
        try Self.breakAndMend(rig)
        rig.turn(5)
        #expect(rig.invoker.begun.count == 1)
        rig.observed.isHolding = false
        try rig.settle()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.ids(in: "t.f.dead") == ["a"])
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `a copy that cannot be made over a loss leaves the event to be run again`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.observed.isHolding = true
        rig.invoker.finish(.rejected(.test))
        rig.turn(3)
        rig.intake.breakConnection()
        rig.observed.heldResult = .headersTooLarge
        rig.observed.isHolding = false
        try rig.run("the publisher's word") { $0.settler.pending == 0 }
        try rig.intake.mendConnection()
        try rig.run(pending: 1)
        #expect(rig.invoker.begun.count == 2)
    }

    @Test func `of equal messages without ids none is taken for another`() throws {
        let rig = try Self.rig(.test(concurrency: 1))
        for _ in 0..<3 { rig.publish(BasicProperties(), key: "order.placed") }
        try rig.run(pending: 1)
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the second") { $0.invoker.begun.count == 2 }
        // The first is acknowledged for good, and the third has been delivered and waits.
        try Self.breakAndMend(rig)
        try rig.finishAll()
        #expect(rig.invoker.begun.count >= 3, "none of them was taken for one that is done")
    }

    @Test func `of two events with one id and two sources none is taken for the other`() throws {
        let rig = try Self.rig(.test(concurrency: 1))
        rig.publish("1", of: "shop")
        rig.publish("1", of: "bank")
        try rig.run(pending: 1)
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the second") { $0.invoker.begun.count == 2 }
        try Self.breakAndMend(rig)
        try rig.finishAll()
        #expect(rig.invoker.begun.count == 2)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    @Test func `equal events that run at the moment of a loss are each acknowledged by a run of its own`() throws {
        let rig = try Self.rig(.test(concurrency: 2))
        for _ in 0..<2 {
            rig.publish(
                BasicProperties(),
                key: "order.placed",
                headers: [("b", .boolean(true)), ("a", .boolean(true))]
            )
        }
        try rig.run("both to run") { $0.invoker.begun.count == 2 }
        try Self.breakAndMend(rig)
        try rig.finishAll()
        #expect(rig.invoker.begun.count == 2, "nor is one run beside its first run")
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    @Test func `over many losses an event runs once and is acknowledged once`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        for _ in 0..<20 {
            try Self.breakAndMend(rig)
            rig.turn(2)
        }
        rig.invoker.finish(.done(emitted: []))
        try rig.settle()
        #expect(rig.invoker.begun.count == 1)
        #expect(rig.intake.acknowledged == 1)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
    }

    // MARK: - Consumers that are silently dead

    @Test func `a consumer that the broker does not know is made anew, and what ran goes on`() throws {
        let rig = try Self.rig(.test(concurrency: 2))
        rig.publish("a")
        try rig.run(pending: 1)
        for _ in 0..<4 { rig.pipeline.observe(QueueInspection(readyMessages: 0, consumers: 0)) }
        #expect(!rig.pipeline.isSuspected, "this is what the broker says when it does not know")
        let nobody = QueueInspection(readyMessages: 1, consumers: 0)
        rig.pipeline.observe(nobody)
        #expect(rig.pipeline.isSuspected)
        #expect(rig.pipeline.status == .running)
        rig.pipeline.observe(nobody)
        try rig.run("the interruption") { $0.reported.contains { $0.isUnhealthy } }
        try rig.run("the function to run") { $0.pipeline.status == .running }
        rig.publish("b")
        try rig.run(pending: 2)
        #expect(rig.invoker.begun.map(\.eventID) == ["a", "b"])
        try rig.finishAll()
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `events that wait while nothing runs and nothing comes make it anew, too`() throws {
        let rig = try Self.rig()
        let waiting = QueueInspection(readyMessages: 5, consumers: 1)
        // The first look only notes that nothing has come since.
        for _ in 0..<3 { rig.pipeline.observe(waiting) }
        try rig.run("the interruption") { $0.reported.contains { $0.isUnhealthy } }
        try rig.run("the function to run") { $0.pipeline.status == .running }
    }

    @Test func `as long as anything runs, events that wait prove nothing`() throws {
        let rig = try Self.rig(.test(concurrency: 1))
        rig.publish("a")
        try rig.run(pending: 1)
        for _ in 0..<10 { rig.pipeline.observe(QueueInspection(readyMessages: 5, consumers: 1)) }
        rig.turn(5)
        #expect(rig.reported.allSatisfy { !$0.isUnhealthy })
    }
}

extension ConsumerStatus {
    var isUnhealthy: Bool {
        if case .unhealthy = self { true } else { false }
    }

    var isDegraded: Bool {
        if case .degraded = self { true } else { false }
    }
}
