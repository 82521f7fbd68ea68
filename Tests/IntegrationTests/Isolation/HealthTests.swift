import AMQP
import Messaging
import Testing
import Waiting

/// A function that fails throughout is paused, and comes back by itself.
@Suite(.hangGuard)
struct HealthTests {
    private static let breaker = """
        concurrency: 4
        breaker: { failures: 3, window: 10s, pause: 300ms }
        retry: { maxAttempts: 20, backoff: { initial: 100ms, max: 100ms } }
        """
    private static let paused = "paused: events wait in the queue, and one is tried after the pause"

    private static func events(
        _ illness: String,
        cure: String,
        milliseconds: Int = 0,
        _ count: Int
    ) -> [(String, String)] {
        (1...count).map { number in
            ("e-\(number)", #"{"illness":"\#(illness)","cure":"\#(cure)","milliseconds":\#(milliseconds)}"#)
        }
    }

    @Test func `a function whose workers die is degraded, and its events wait until the cause is gone`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("ail", "concurrency: 1\nretry: { maxAttempts: 20, backoff: { initial: 100ms, max: 100ms } }")
            try bed.deploy("record", keys: ["neighbour"])
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events("crash", cure: bed.gate, 40))
            try await host.says("degraded")
            let entry = try #require(host.log.first { $0.message == "degraded" })
            #expect(entry["function"] == "ail")
            #expect(entry["reason"]?.contains("its workers die") == true)
            try await host.wait(for: "failed probe") { _ in host.count(Self.paused) >= 2 }
            try await bed.expectHandled("beside", key: "neighbour", as: "recorded")
            try bed.openGate()
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            try await host.says("resumed: the function handles events again")
            let states = host.log.filter { $0["function"] == "ail" && ["running", "degraded"].contains($0.message) }
            #expect(states.last?.message == "running")
            // Five open the breaker, and each further pause takes one.
            #expect(deeds.count("ailing") <= 5 + host.count(Self.paused))
            try await Self.expectAllHandled(confirmed, of: host, on: bed)
        }
    }

    @Test func `a paused function leaves its events in the queue`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("ail", Self.breaker)
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events("fail", cure: bed.gate, 60))
            try await host.wait(for: "third pause") { _ in host.count(Self.paused) >= 3 }
            let entry = try #require(host.log.first { $0.message == "degraded" })
            #expect(entry["reason"]?.contains("every event fails") == true)
            #expect(try await host.stop() == 0)
            // What failed comes back out of its delay.
            try await wait(for: "all events in the queue") {
                try await bed.broker.inspect(queue: bed.queue("ail"))?.readyMessages == confirmed.count
            }
            let failed = bed.journal.deeds.filter { $0.name == "ailing" }
            #expect(failed.count <= 3 + 4 + host.count(Self.paused), "few attempts were burnt")
            let ledger = try await bed.settle(confirmed, by: "ail")
            ledger.expectBalance()
            #expect(ledger.queued == confirmed)
        }
    }

    @Test func `a paused function is tried with one event at a time, and resumes when one succeeds`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("ail", Self.breaker)
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events("fail", cure: bed.gate, milliseconds: 50, 60))
            try await host.wait(for: "fourth pause") { _ in host.count(Self.paused) >= 4 }
            let pauses = host.log.filter { $0.message == Self.paused }.compactMap { $0["pause"] }
            #expect(pauses.starts(with: ["300 ms", "600 ms", "1.2 s", "2.4 s"]), "\(pauses)")
            let deeds = bed.journal.deeds
            // Those in flight when the breaker opened run to their end; from then on each pause is one run.
            #expect(deeds.count("begun") <= 3 + 4 + 4, "\(deeds)")
            try bed.openGate()
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            try await host.says("resumed: the function handles events again")
            try await Self.expectAllHandled(confirmed, of: host, on: bed)
        }
    }

    private static func expectAllHandled(_ confirmed: Set<String>, of host: HostProcess, on bed: TestBed) async throws {
        #expect(try await host.stop() == 0)
        #expect(bed.journal.deeds.count("ended") == confirmed.count, "each once")
        try await bed.expectAllHandled(confirmed, by: "ail")
    }
}
