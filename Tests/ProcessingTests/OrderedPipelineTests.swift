import EventLoops
import Invoking
import Manifests
import Messaging
import Testing
import Topology
import WarrenTesting

@testable import Processing

/// Ordered functions: the event at the head of the queue goes before all others.
@Suite(.ownThread)
struct OrderedPipelineTests {
    private static func manifest(attempts: Int = 3, backoff: Duration = .milliseconds(1)) throws -> FunctionManifest {
        try .test(attempts: attempts).with {
            $0.ordered = true
            $0.retry.backoff.initial = backoff
            $0.retry.backoff.max = backoff
        }
    }

    private static func rig(attempts: Int = 3, backoff: Duration = .milliseconds(1)) throws -> Rig {
        let rig = try Rig([self.manifest(attempts: attempts, backoff: backoff)])
        try rig.start()
        return rig
    }

    /// Waits for the next invocation, checks what it is, and ends it.
    private static func step(_ rig: Rig, _ id: String, _ attempt: Int, _ outcome: Outcome) throws {
        try rig.run("\(id), attempt \(attempt)") { !$0.invoker.pending.isEmpty }
        #expect(rig.invoker.pending.map(\.eventID) == [id])
        #expect(rig.invoker.pending.map(\.attempt) == [attempt])
        rig.invoker.finish(outcome)
    }

    private static func checkEmpty(_ rig: Rig) throws {
        try rig.run("the queue to be empty") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        #expect(rig.broker.nextExpiry == nil, "a copy was published, which would lose its place")
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `one event at a time, and one that fails holds up the rest until it succeeds`() throws {
        let rig = try Self.rig()
        for id in ["a", "b", "c"] { rig.publish(id) }
        try Self.step(rig, "a", 1, .failed(.test))
        try Self.step(rig, "a", 2, .timedOut(.test))
        try Self.step(rig, "a", 3, .done(emitted: []))
        try Self.step(rig, "b", 1, .done(emitted: [.test("nobody.cares")]))
        try Self.step(rig, "c", 1, .done(emitted: []))
        try Self.checkEmpty(rig)
        #expect(rig.broker.counts(of: "t.f.dead") == InMemoryBroker.Counts())
    }

    @Test func `after its last attempt it is dead-lettered, and the next one begins`() throws {
        let rig = try Self.rig()
        for id in ["a", "b"] { rig.publish(id) }
        for attempt in 1...3 { try Self.step(rig, "a", attempt, .crashed(.test)) }
        try Self.step(rig, "b", 1, .rejected(.test))
        try Self.checkEmpty(rig)
        #expect(rig.ids(in: "t.f.dead") == ["a", "b"])
        let letters = rig.broker.messages(in: "t.f.dead")
        #expect(letters.map { $0.headers[RuntimeHeaders.deadReason] } == [.string("crashed"), .string("rejected")])
        #expect(letters[0].headers[RuntimeHeaders.attempt] == .integer(3))
    }

    @Test func `an event that is put off keeps its place and its attempt`() throws {
        let rig = try Self.rig()
        for id in ["a", "b"] { rig.publish(id) }
        try Self.step(rig, "a", 1, .later(after: .milliseconds(1), .test))
        try Self.step(rig, "a", 1, .later(after: .milliseconds(1), .test))
        try Self.step(rig, "a", 1, .done(emitted: []))
        try Self.step(rig, "b", 1, .done(emitted: []))
        try Self.checkEmpty(rig)
    }

    @Test func `nothing begins before the head is due`() throws {
        let rig = try Self.rig(backoff: .milliseconds(80))
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        let failed = SteadyInstant.now
        rig.invoker.finish(.failed(.test))
        rig.turn(5)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 1, unacknowledged: 1))
        try Self.step(rig, "a", 2, .done(emitted: []))
        #expect(SteadyInstant.now - failed >= .milliseconds(80))
        try Self.step(rig, "b", 1, .done(emitted: []))
    }

    @Test func `order and attempts are kept over a lost connection, while it runs and while it waits`() throws {
        let rig = try Self.rig(attempts: 5, backoff: .milliseconds(60))
        for id in ["a", "b", "c"] { rig.publish(id) }
        try Self.step(rig, "a", 1, .failed(.test))
        rig.intake.breakConnection()
        try rig.intake.mendConnection()
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        rig.invoker.finish(.failed(.test))
        try rig.intake.mendConnection()
        try Self.step(rig, "a", 3, .failed(.test))
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        try rig.intake.mendConnection()
        try rig.run("it to be delivered again") { $0.broker.counts(of: "t.f").unacknowledged == 1 }
        try Self.step(rig, "a", 4, .done(emitted: []))
        for id in ["b", "c"] { try Self.step(rig, id, 1, .done(emitted: [])) }
        try Self.checkEmpty(rig)
        #expect(rig.invoker.begun.map(\.eventID) == ["a", "a", "a", "a", "b", "c"])
    }

    @Test func `the last attempt that failed while the connection was away is made again, and none before it`() throws {
        let rig = try Self.rig()
        for id in ["a", "b"] { rig.publish(id) }
        for attempt in 1...2 { try Self.step(rig, "a", attempt, .failed(.test)) }
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        rig.invoker.finish(.failed(.test))
        rig.turn(5)
        try rig.intake.mendConnection()
        try Self.step(rig, "a", 3, .failed(.test))
        try Self.step(rig, "b", 1, .done(emitted: []))
        try Self.checkEmpty(rig)
        #expect(rig.ids(in: "t.f.dead") == ["a"])
    }

    @Test func `what succeeded while the connection was away is not run again, and the next one is the next`() throws {
        let rig = try Self.rig()
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        rig.intake.breakConnection()
        rig.invoker.finish(.done(emitted: []))
        try rig.intake.mendConnection()
        try Self.step(rig, "b", 1, .done(emitted: []))
        try Self.checkEmpty(rig)
        #expect(rig.invoker.begun.map(\.eventID) == ["a", "b"])
    }

    @Test func `order is kept when its workers fail, and the head's attempts with it`() throws {
        let rig = try Self.rig()
        for id in ["a", "b", "c"] { rig.publish(id) }
        try Self.step(rig, "a", 1, .failed(.test))
        rig.invoker.becomeUnavailable("no worker")
        try rig.run("all to be back") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 3) }
        rig.invoker.becomeReady()
        try rig.run(pending: 1)
        #expect(rig.invoker.pending.map(\.attempt) == [2])
        rig.invoker.becomeUnavailable("no worker")
        try rig.run("all to be back") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 3) }
        #expect(rig.ids(in: "t.f") == ["a", "b", "c"])
        rig.invoker.becomeReady()
        try rig.finishAll()
        #expect(rig.invoker.begun.map(\.eventID) == ["a", "a", "a", "b", "c"])
    }

    @Test func `a drain gives the head that waits back at once, in its place`() throws {
        let rig = try Self.rig(backoff: .seconds(1000))
        for id in ["a", "b"] { rig.publish(id) }
        try Self.step(rig, "a", 1, .failed(.test))
        try rig.drain()
        #expect(rig.ids(in: "t.f") == ["a", "b"])
        #expect(rig.broker.counts(of: "t.f").unacknowledged == 0)
    }

    @Test func `a drain lets the head that runs end, and settles it`() throws {
        let rig = try Self.rig()
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        var isDrained = false
        rig.runtime.drain { isDrained = true }
        rig.turn(5)
        #expect(!isDrained)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 1, unacknowledged: 1))
        rig.invoker.finish(.rejected(.test))
        try rig.run("the end of the drain") { _ in isDrained }
        #expect(rig.ids(in: "t.f") == ["b"])
        #expect(rig.ids(in: "t.f.dead") == ["a"])
    }

    @Test func `a new version goes on with the head where it was, while the old one's run ends first`() throws {
        let rig = try Self.rig()
        for id in ["a", "b", "c"] { rig.publish(id) }
        try Self.step(rig, "a", 1, .failed(.test))
        try rig.run(pending: 1)
        rig.deploy([try Self.manifest().with { $0.timeoutGrace = .seconds(7) }])
        try rig.run("the new version's workers") { $0.laterInvokers.count == 1 }
        rig.laterInvokers[0].becomeReady()
        rig.turn(5)
        #expect(rig.pending == 1, "one at a time over both versions")
        rig.invoker.finish(.failed(.test))
        try rig.run(pending: 1)
        #expect(rig.laterInvokers[0].pending.map(\.eventID) == ["a"])
        #expect(rig.laterInvokers[0].pending.map(\.attempt) == [3])
        try rig.finishAll()
        #expect(rig.laterInvokers[0].begun.map(\.eventID) == ["a", "b", "c"])
        #expect(rig.invoker.isStopped)
    }

    @Test func `of two equal events the second begins with its first attempt`() throws {
        let rig = try Self.rig()
        for _ in 0..<2 { rig.publish("a") }
        try Self.step(rig, "a", 1, .failed(.test))
        try Self.step(rig, "a", 2, .done(emitted: []))
        try Self.step(rig, "a", 1, .done(emitted: []))
        try Self.checkEmpty(rig)
    }

    /// The intake then reports the end of the subscription from inside of the call that ends it.
    @Test func `a pause while the broker is away does not keep it from consuming again`() throws {
        let rig = try Self.rig()
        try rig.run("the status") { $0.pipeline.status == .running }
        rig.intake.breakConnection()
        rig.invoker.becomeUnavailable("no worker")
        try rig.intake.mendConnection()
        rig.invoker.becomeReady()
        for id in ["a", "b"] {
            rig.publish(id)
            try Self.step(rig, id, 1, .done(emitted: []))
        }
        try Self.checkEmpty(rig)
        // The relay of scheduled messages has one, too.
        #expect(rig.intake.subscriptionCount == 3)
    }
}
