import EventLoops
import Invoking
import Manifests
import Messaging
import Testing
import WarrenTesting

@testable import Processing

/// A function that fails throughout is paused, and its events wait unharmed.
@Suite(.ownThread)
struct PipelineBreakerTests {
    private static func rig(
        concurrency: Int = 3,
        failures: Int = 3,
        pause: Duration = .milliseconds(40),
        attempts: Int = 10
    ) throws -> Rig {
        let manifest = try FunctionManifest.test(concurrency: concurrency, attempts: attempts).with {
            $0.breaker = BreakerPolicy(failures: failures, window: .seconds(60), pause: pause)
        }
        let rig = try Rig([manifest])
        try rig.start()
        return rig
    }

    private static func openByFailures(_ rig: Rig, _ count: Int = 3) throws {
        for _ in 0..<count {
            try rig.run("an invocation") { !$0.invoker.pending.isEmpty }
            rig.invoker.finish(.failed(.test))
        }
        #expect(rig.pipeline.status.isDegraded)
    }

    @Test func `workers that die pause it, what has not begun goes back uncharged, and a probe resumes it`() throws {
        let rig = try Rig([.test(concurrency: 4)])
        try rig.start()
        for number in 0..<9 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        rig.invoker.withdrawable = 3
        for _ in 0..<Breaker.deaths - 1 { rig.invoker.die() }
        #expect(rig.pipeline.status == .running)
        let opened = SteadyInstant.now
        rig.invoker.die("signal 11")
        #expect(rig.pipeline.status == .degraded(reason: "its workers die: signal 11"))
        try rig.run("all but the one that runs to be back") {
            $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 8, unacknowledged: 1)
        }
        rig.invoker.finish(.crashed(.test))
        #expect(rig.invoker.pending.isEmpty)
        try rig.run("the probe") { !$0.invoker.pending.isEmpty }
        #expect(SteadyInstant.now - opened >= Breaker.firstPause)
        rig.turn(10)
        #expect(rig.invoker.pending.count == 1, "one at a time")
        #expect(rig.pipeline.status.isDegraded)
        rig.invoker.finish(.done(emitted: []))
        try rig.run(pending: 4)
        try rig.run("the status") { $0.pipeline.status == .running }
        while !rig.broker.isIdle {
            rig.invoker.finish(.done(emitted: []))
            rig.turn()
        }
        #expect(rig.invoker.begun.allSatisfy { $0.attempt == 1 })
        #expect(rig.broker.counts(of: "t.f") == InMemoryBroker.Counts())
        #expect(rig.intake.wrongSettlements == [])
    }

    @Test func `failures throughout pause it, and the queue keeps what was not tried`() throws {
        let rig = try Self.rig(pause: .seconds(10))
        for number in 0..<8 { rig.publish("\(number)") }
        try Self.openByFailures(rig)
        // Two runs took the places of the first two failed ones; they end as they do.
        let running = rig.invoker.pending.count
        try rig.run("the others to be back") {
            $0.broker.counts(of: "t.f") == InMemoryBroker.Counts(ready: 5 - running, unacknowledged: running)
        }
        let begun = rig.invoker.begun.count
        for _ in 0..<running { rig.invoker.finish(.failed(.test)) }
        rig.turn(20)
        #expect(rig.invoker.begun.count == begun, "nothing is begun while it is paused")
        #expect(rig.pipeline.status == .degraded(reason: "every event fails: failed"))
        try rig.run("the probe") { !$0.invoker.pending.isEmpty }
        #expect(rig.invoker.pending[0].attempt == 1)
    }

    @Test func `probes go on, one at a time with ever longer pauses, until one succeeds`() throws {
        let rig = try Self.rig(concurrency: 4, pause: .milliseconds(20))
        for number in 0..<20 { rig.publish("\(number)") }
        // Before the pause begins.
        var last = SteadyInstant.now
        try Self.openByFailures(rig)
        while !rig.invoker.pending.isEmpty { rig.invoker.finish(.failed(.test)) }
        for round in 0..<4 {
            try rig.run("a probe") { !$0.invoker.pending.isEmpty }
            #expect(SteadyInstant.now - last >= .milliseconds(20 << round))
            rig.turn(5)
            #expect(rig.invoker.pending.count == 1)
            last = .now
            rig.invoker.finish(.failed(.test))
            #expect(rig.pipeline.status.isDegraded)
        }
        try rig.run("a probe") { !$0.invoker.pending.isEmpty }
        rig.invoker.finish(.done(emitted: []))
        try rig.run(pending: 4)
        try rig.run("the status") { $0.pipeline.status == .running }
    }

    @Test func `a run that was begun before the pause and succeeds ends it`() throws {
        let rig = try Self.rig(concurrency: 4, pause: .seconds(100))
        for number in 0..<6 { rig.publish("\(number)") }
        try rig.run(pending: 4)
        for _ in 0..<3 { rig.invoker.finish(at: 1, .failed(.test)) }
        #expect(rig.pipeline.status.isDegraded)
        rig.invoker.finish(.done(emitted: []))
        try rig.run("the status") { $0.pipeline.status == .running }
        try rig.run("an invocation") { !$0.invoker.pending.isEmpty }
    }

    @Test func `without a policy failures never pause it`() throws {
        let rig = try Rig([.test(attempts: 1)])
        try rig.start()
        for number in 0..<50 { rig.publish("\(number)") }
        for _ in 0..<50 {
            try rig.run("an invocation") { !$0.invoker.pending.isEmpty }
            rig.invoker.finish(.failed(.test))
        }
        try rig.settle()
        #expect(rig.ids(in: "t.f.dead").count == 50)
        #expect(rig.reported.allSatisfy { !$0.isDegraded })
    }

    @Test func `workers that cannot be started are shown rather than the pause, and a probe waits for them`() throws {
        let rig = try Self.rig(pause: .milliseconds(20))
        for number in 0..<6 { rig.publish("\(number)") }
        try Self.openByFailures(rig)
        rig.invoker.becomeUnavailable("no executable")
        #expect(rig.pipeline.status == .unhealthy(reason: "no executable"))
        let begun = rig.invoker.begun.count
        var hasPassed = false
        rig.loop.schedule(after: .milliseconds(60)) { hasPassed = true }
        try rig.run("the pause to be over") { _ in hasPassed }
        #expect(rig.invoker.begun.count == begun)
        rig.invoker.becomeReady()
        try rig.run("the probe") { !$0.invoker.pending.isEmpty }
        rig.turn(5)
        #expect(rig.invoker.pending.count == 1)
        #expect(rig.pipeline.status.isDegraded)
    }

    @Test func `a drain does not wait for a pause`() throws {
        let rig = try Self.rig(pause: .seconds(1000))
        for number in 0..<6 { rig.publish("\(number)") }
        try Self.openByFailures(rig)
        while !rig.invoker.pending.isEmpty { rig.invoker.finish(.failed(.test)) }
        try rig.drain()
        #expect(rig.broker.counts(of: "t.f").unacknowledged == 0)
    }

    @Test func `a new version ends the pause of the old one`() throws {
        let rig = try Self.rig(pause: .seconds(1000))
        for number in 0..<6 { rig.publish("\(number)") }
        try Self.openByFailures(rig)
        while !rig.invoker.pending.isEmpty { rig.invoker.finish(.failed(.test)) }
        rig.deploy([try .test(concurrency: 3)])
        try rig.run("the new version's workers") { !$0.laterInvokers.isEmpty }
        rig.laterInvokers[0].becomeReady()
        try rig.run("its invocations") { !$0.laterInvokers[0].pending.isEmpty }
        try rig.run("the status") { $0.pipeline.status == .running }
    }

    @Test func `an ordered function is paused and probed like any other, its order kept`() throws {
        let manifest = try FunctionManifest.test(attempts: 100).with {
            $0.ordered = true
            $0.breaker = BreakerPolicy(failures: 2, window: .seconds(60), pause: .milliseconds(20))
            $0.retry.backoff.initial = .milliseconds(1)
            $0.retry.backoff.max = .milliseconds(1)
        }
        let rig = try Rig([manifest])
        try rig.start()
        for number in 0..<3 { rig.publish("\(number)") }
        for attempt in 1...4 {
            try rig.run("attempt \(attempt)") { !$0.invoker.pending.isEmpty }
            #expect(rig.invoker.pending[0].eventID == "0")
            #expect(rig.invoker.pending[0].attempt == attempt)
            rig.invoker.finish(.failed(.test))
            #expect(rig.pipeline.status.isDegraded == (attempt >= 2))
        }
        try rig.finishAll()
        #expect(rig.invoker.begun.map(\.eventID) == ["0", "0", "0", "0", "0", "1", "2"])
        #expect(rig.pipeline.status == .running)
    }
}
