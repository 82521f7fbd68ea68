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
}
