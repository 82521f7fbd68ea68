import AMQP
import BrokerConformance
import LocalBroker
import Logging
import Messaging
import Testing
import Waiting

/// A consumer that the broker has forgotten without telling anybody.
@Suite(.hangGuard)
struct WatchdogTests {
    private static let message = "the consumer is silently dead and is made anew"

    @Test(arguments: ["", "ordered: true"])
    func `a consumer that the queue knows nothing of is made anew`(settings: String) async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", settings)
            let host = try await bed.startHost()
            try await bed.publish(bed.event("{}", id: "before"))
            try await bed.journal.wait(for: "first event") { $0.events("ended") == ["before"] }
            #expect(try await bed.surgery("deliver").removeConsumersSilently() == 1)
            let queue = bed.queue("deliver")
            let confirmed = try await bed.publish((1...20).map { ("e-\($0)", "{}") })
            let inspection = try #require(try await bed.broker.inspect(queue: queue))
            let isHealed = host.log.contains { $0.message == Self.message }
            #expect(isHealed || inspection == QueueInspection(readyMessages: 20, consumers: 0), "nobody gets them")
            let log = try await host.wait(for: "notice of the death") { log in
                log.contains { $0.message == Self.message }
            }
            let entry = try #require(log.first { $0.message == Self.message })
            #expect(entry["function"] == "deliver")
            #expect(entry["reason"] == "the broker knows no consumer of the queue")
            try await host.wait(for: "word of the loss") { log in
                log.contains { $0.message == "deliveries stopped" && $0["lost"] == "consumer" }
            }
            try await bed.journal.wait(for: "every event") { $0.events("ended").isSuperset(of: confirmed) }
            try await Self.expectOneRun(ofEach: confirmed.union(["before"]), of: host, on: bed)
        }
    }

    private static func expectOneRun(
        ofEach confirmed: Set<String>,
        of host: HostProcess,
        on bed: TestBed
    ) async throws {
        #expect(try await host.stop() == 0)
        #expect(bed.journal.deeds.count("begun") == confirmed.count)
        try await bed.expectAllHandled(confirmed, by: "deliver")
    }

    @Test func `a consumer that gets nothing although events wait is made anew`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver")
            let host = try await bed.startHost()
            let address = try AMQPAddress(bed.node.url)
            // Somebody else who consumes the queue, and has taken one event for good.
            let stuck = try IntakeProbe { loop in
                var logger = Logger(label: "test")
                logger.logLevel = .critical
                return try AMQPIntake(address: address, name: "stuck", loop: loop, logger: logger)
            }
            let subscription = stuck.subscribe(to: bed.queue("deliver"), prefetch: 1)
            try await subscription.signal(.active)
            var confirmed = try await bed.publish((1...4).map { ("e-\($0)", "{}") })
            let held = try await subscription.deliveries(1)
            try await bed.journal.wait(for: "the others") { $0.count("ended") == 3 }
            #expect(try await bed.surgery("deliver").removeConsumersSilently() == 1)
            confirmed.formUnion(try await bed.publish((5...9).map { ("e-\($0)", "{}") }))
            let log = try await host.wait(for: "notice of the death") { log in
                log.contains { $0.message == Self.message }
            }
            let entry = try #require(log.first { $0.message == Self.message })
            #expect(entry["reason"] == "5 events wait in the queue and none is delivered")
            let rest = confirmed.subtracting(held.map(\.id))
            try await bed.journal.wait(for: "the other events") { $0.events("ended") == rest }
            await stuck.close()
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            try await Self.expectOneRun(ofEach: confirmed, of: host, on: bed)
        }
    }

    @Test(arguments: ["concurrency: 1", "ordered: true"])
    func `a consumer that is busy, waits for its turn, or has nothing to do is left alone`(
        settings: String
    ) async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", "\(settings)\ntimeout: 15m")
            try bed.deploy("record", keys: ["rare"])
            let hosts = [try await bed.startHost(), try await bed.startHost()]
            let confirmed = try await bed.publish((1...9).map { ("e-\($0)", #"{"gate":"\#(bed.gate)"}"#) })
            try await bed.journal.wait(for: "a running event") { $0.count("begun") >= 1 }
            // Longer than two looks take.
            let rare = try await bed.command(["publish", "rare", "--data", "{}", "--delay", "13s"])
            #expect(rare.exitCode == 0)
            try await bed.journal.wait(for: "rare event") { $0.count("recorded") == 1 }
            try bed.openGate()
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            for host in hosts {
                #expect(try await host.stop() == 0)
                let losses = [
                    Self.message, "deliveries stopped", "lost the connection to the broker; connecting again",
                ]
                #expect(!host.log.contains { losses.contains($0.message) })
            }
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }
}
