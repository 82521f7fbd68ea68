import Invoking
import Manifests
import Messaging
import Processing
import Testing
import WarrenTesting

/// Whoever runs invocations may ask for a pause: nothing is lost, charged or run meanwhile.
@Suite(.ownThread)
struct PipelinePauseTests {
    @Test func `what was not taken goes back uncharged, and comes again when the pause is over`() throws {
        let rig = try Rig([.test(attempts: 1)])
        try rig.start()
        for id in ["a", "b", "c", "d", "e"] { rig.publish(id) }
        try rig.run(pending: 4)
        rig.invoker.pause("410")
        try rig.run("all of it to be back") { $0.broker.counts(of: "t.f").ready == 5 }
        #expect(rig.pipeline.status == .paused(reason: "410"))
        rig.publish("f")
        try rig.run("it to wait too") { $0.broker.counts(of: "t.f").ready == 6 }
        #expect(rig.invoker.pending.isEmpty)
        rig.invoker.becomeReady()
        for _ in 0..<6 {
            try rig.run("an event") { !$0.invoker.pending.isEmpty }
            #expect(rig.invoker.pending.first?.attempt == 1)
            rig.invoker.finish(.done(emitted: []))
        }
        try rig.run("the queue to be empty") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        #expect(rig.pipeline.status == .running)
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `an ordered event that an old version did not take is run by the new one, in its place`() throws {
        let ordered = try FunctionManifest.test().with { $0.ordered = true }
        let rig = try Rig([ordered])
        try rig.start()
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run("the first event") { $0.invoker.pending.map(\.eventID) == ["a"] }
        rig.deploy([ordered.with { $0.timeout = .seconds(7) }])
        try rig.run("the new version") { $0.laterInvokers.count == 1 }
        rig.laterInvokers[0].becomeReady()
        try rig.run("the change") { $0.pipeline.manifest.timeout == .seconds(7) }
        rig.invoker.pause()
        for id in ["a", "b"] {
            try rig.run("\(id) to come") { $0.laterInvokers[0].pending.map(\.eventID) == [id] }
            rig.laterInvokers[0].finish(.done(emitted: []))
        }
        try rig.run("the queue to be empty") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        #expect(rig.pipeline.status == .running)
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `through a short pause what was delivered stays here, and goes first afterwards`() throws {
        let rig = try Rig([.test(concurrency: 2, attempts: 1)])
        try rig.start()
        for id in ["a", "b", "c", "d"] { rig.publish(id) }
        try rig.run(pending: 2)
        for _ in 0..<3 {
            rig.invoker.pause("429", for: .seconds(5))
            rig.turn(20)
            #expect(rig.pipeline.status == .paused(reason: "429"))
            #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 0, unacknowledged: 4))
            #expect(rig.invoker.pending.isEmpty)
            rig.invoker.becomeReady()
            try rig.run(pending: 2)
            #expect(rig.invoker.pending.map(\.eventID) == ["a", "b"])
        }
        #expect(rig.invoker.begun.allSatisfy { $0.attempt == 1 && !$0.delivery.isRedelivered })
        try rig.finishAll()
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `in a pause that is not short, or grows so, everything goes back`() throws {
        let rig = try Rig([.test(concurrency: 1, attempts: 1)])
        try rig.start()
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        rig.invoker.pause("429", for: .seconds(5))
        rig.turn(20)
        #expect(rig.broker.counts(of: "t.f").ready == 0)
        rig.invoker.pause("429", for: .seconds(31))
        try rig.run("all of it to be back") {
            $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 2, unacknowledged: 0)
        }
        rig.invoker.becomeReady()
        try rig.finishAll()
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `what stays here in a pause is the broker's again when the connection is lost`() throws {
        let rig = try Rig([.test(concurrency: 1, attempts: 1)])
        try rig.start()
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run(pending: 1)
        rig.invoker.pause("429", for: .seconds(20))
        rig.intake.breakConnection()
        try rig.intake.mendConnection()
        try rig.run("both to come again") { $0.broker.counts(of: "t.f").unacknowledged == 2 }
        rig.invoker.becomeReady()
        for id in ["a", "b"] {
            try rig.run("\(id)") { $0.invoker.pending.map(\.eventID) == [id] }
            rig.invoker.finish(.done(emitted: []))
        }
        try rig.run("the queue to be empty") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        #expect(rig.invoker.begun.map(\.eventID) == ["a", "a", "b"])
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test(arguments: [false, true])
    func `what stays here in a pause goes back when the host drains`(isOrdered: Bool) throws {
        let rig = try Rig([.test(concurrency: 2).with { $0.ordered = isOrdered }])
        try rig.start()
        for id in ["a", "b", "c"] { rig.publish(id) }
        try rig.run("an event") { !$0.invoker.pending.isEmpty }
        rig.invoker.pause("429", for: .seconds(20))
        try rig.drain()
        #expect(rig.ids(in: "t.f") == ["a", "b", "c"])
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `an ordered event stays at the head through a pause, with its attempts`() throws {
        let manifest = try FunctionManifest.test(attempts: 3).with {
            $0.ordered = true
            $0.retry.backoff.initial = .milliseconds(1)
            $0.retry.backoff.max = .milliseconds(1)
        }
        let rig = try Rig([manifest])
        try rig.start()
        for id in ["a", "b"] { rig.publish(id) }
        try rig.run("the first event") { $0.invoker.pending.map(\.eventID) == ["a"] }
        rig.invoker.finish(.failed(.test))
        for _ in 0..<3 {
            try rig.run("its second attempt") { $0.invoker.pending.map(\.attempt) == [2] }
            rig.invoker.pause("429", for: .seconds(5))
            rig.turn(20)
            #expect(rig.broker.counts(of: "t.f").ready + rig.broker.counts(of: "t.f").unacknowledged == 2)
            rig.invoker.becomeReady()
        }
        for id in ["a", "b"] {
            try rig.run("\(id)") { $0.invoker.pending.map(\.eventID) == [id] }
            rig.invoker.finish(.done(emitted: []))
        }
        try rig.run("the queue to be empty") { $0.broker.counts(of: "t.f") == InMemoryBroker.Counts() }
        #expect(rig.invoker.begun.allSatisfy { !$0.delivery.isRedelivered })
    }
}
