import Invoking
import Manifests
import Messaging
import Testing
import Topology
import WarrenTesting

@testable import Processing

/// Functions that go, or move to another queue.
@Suite(.ownThread)
struct PipelineRemovalTests {
    private static func rig(_ manifest: FunctionManifest? = nil) throws -> Rig {
        let rig = try Rig([manifest ?? .test()])
        try rig.start()
        return rig
    }

    private static func remove(_ rig: Rig) throws {
        rig.deploy([])
        try rig.run("the function to be gone") { $0.pipelines.isEmpty }
    }

    @Test func `a function whose manifest is gone gives back what waits, ends what runs, and leaves its queue`() throws
    {
        let rig = try Self.rig(.test(concurrency: 2))
        for number in 0..<5 { rig.publish("\(number)") }
        try rig.run(pending: 2)
        rig.deploy([])
        try rig.run("what waits to be back") {
            $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 3, unacknowledged: 2)
        }
        #expect(rig.pipeline.status == .draining)
        for _ in 0..<2 { rig.invoker.finish(.done(emitted: [])) }
        try rig.run("the function to be gone") { $0.pipelines.isEmpty }
        #expect(rig.invoker.isStopped)
        #expect(rig.reported.last == .stopped)
        rig.publish("5")
        rig.turn(5)
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 4), "it goes on taking events")
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `with onRemove delete a queue that does not say what is in it stays with all that is in it`() throws {
        let rig = try Self.rig(.test().with { $0.onRemove = .delete })
        rig.broker.setSilent(true, queue: "t.f")
        try Self.remove(rig)
        rig.publish("a")
        rig.turn(20)
        rig.broker.setSilent(false, queue: "t.f")
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 1))
        rig.deploy([try .test().with { $0.onRemove = .delete }])
        try rig.run("the queue's function") { !$0.laterInvokers.isEmpty }
        rig.broker.setSilent(true, queue: "t.f.dead")
        rig.laterInvokers[0].becomeReady()
        try rig.run(pending: 1)
        rig.laterInvokers[0].finish(.rejected(.test))
        try rig.run("the dead letter") { $0.settler.pending == 0 }
        try Self.remove(rig)
        try rig.run("the end of the queue") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        rig.turn(20)
        rig.broker.setSilent(false, queue: "t.f.dead")
        #expect(rig.ids(in: "t.f.dead") == ["a"])
    }

    @Test func `one that comes back while it drains is added when it has ended`() throws {
        let rig = try Self.rig()
        rig.publish("a")
        try rig.run(pending: 1)
        rig.deploy([])
        rig.deploy([try .test()])
        rig.turn(5)
        #expect(rig.laterInvokers.isEmpty)
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the other") { $0.laterInvokers.count == 1 }
        rig.laterInvokers[0].becomeReady()
        rig.publish("b")
        try rig.run(pending: 1)
        #expect(rig.laterInvokers[0].pending.map(\.eventID) == ["b"])
    }

    @Test func `with onRemove delete an empty queue goes with its function, and so does its empty dead-letter queue`()
        throws
    {
        let rig = try Self.rig(.test().with { $0.onRemove = .delete })
        rig.publish("a")
        try rig.run(pending: 1)
        rig.invoker.finish(.done(emitted: []))
        try Self.remove(rig)
        try rig.run("its queues to be gone") { rig in
            !rig.broker.queueNames.contains("t.f") && !rig.broker.queueNames.contains("t.f.dead")
        }
    }

    @Test func `dead letters keep their queue although the other one goes`() throws {
        let rig = try Self.rig(.test().with { $0.onRemove = .delete })
        rig.publish("a")
        try rig.run(pending: 1)
        rig.invoker.finish(.rejected(.test))
        try rig.settle()
        try Self.remove(rig)
        try rig.run("the queue to be gone") { !$0.broker.queueNames.contains("t.f") }
        rig.turn(5)
        #expect(rig.ids(in: "t.f.dead") == ["a"])
    }

    @Test func `a queue with events in it stays, with its bindings`() throws {
        let rig = try Self.rig(.test(concurrency: 1).with { $0.onRemove = .delete })
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        rig.deploy([])
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the function to be gone") { $0.pipelines.isEmpty }
        // The look at the queue is over when what is asked for after it is done.
        rig.deploy([try .test("g", keys: ["other"])])
        try rig.run("the next function") { $0.isRouted("other", to: "t.g") }
        #expect(rig.ids(in: "t.f") == ["b"])
        rig.publish("c")
        #expect(rig.ids(in: "t.f") == ["b", "c"])
    }

    @Test func `a queue that keeps is kept, empty or not`() throws {
        let rig = try Self.rig()
        try Self.remove(rig)
        rig.deploy([try .test("g", keys: ["other"])])
        try rig.run("the next function") { $0.isRouted("other", to: "t.g") }
        #expect(rig.broker.queueNames.contains("t.f"))
        #expect(rig.isRouted("order.placed"))
    }

    // MARK: - To another queue

    private static func move(_ rig: Rig) throws {
        rig.deploy([try .test(concurrency: 1).with { $0.queue = "other" }])
        try rig.run("the old queue to be unbound") { !$0.isRouted("order.placed") }
        #expect(rig.isRouted("order.placed", to: "other"), "bound before the old one was unbound")
        rig.laterInvokers[0].becomeReady()
    }

    @Test func `a function that names another queue gets new events there, and works the old queue off first`() throws {
        let rig = try Self.rig(.test(concurrency: 1))
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        try Self.move(rig)
        rig.publish("c")
        try rig.run("the new event") { $0.laterInvokers[0].pending.map(\.eventID) == ["c"] }
        #expect(rig.invoker.pending.map(\.eventID) == ["a"])
        rig.invoker.finish(.done(emitted: []))
        try rig.run("what is left in the old queue") { $0.invoker.pending.map(\.eventID) == ["b"] }
        #expect(rig.pipelines.count == 2)
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the old function to be gone") { $0.pipelines.count == 1 }
        #expect(rig.invoker.isStopped)
        #expect(rig.invoker.begun.map(\.eventID) == ["a", "b"])
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `one that goes before the old queue is empty drains both, and nothing is lost`() throws {
        let rig = try Self.rig(.test(concurrency: 1))
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        try Self.move(rig)
        rig.publish("c")
        try rig.run(pending: 2)
        rig.deploy([])
        for invoker in [rig.invoker, rig.laterInvokers[0]] { invoker.finish(.done(emitted: [])) }
        try rig.run("both to be gone") { rig in
            rig.invoker.finish(.done(emitted: []))
            return rig.pipelines.isEmpty
        }
        #expect(rig.invoker.begun.count + rig.ids(in: "t.f").count == 2)
        #expect(rig.broker.counts(of: "other") == InMemoryBroker.Counts())
    }
}
