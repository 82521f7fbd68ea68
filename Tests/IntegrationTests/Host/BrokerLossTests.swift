import AMQP
import LocalBroker
import Messaging
import Synchronization
import Testing
import Waiting

/// The broker, or the way to it, goes away under load. One after the other: they share a node and spoil it for each
/// other.
@Suite(.serialized, .hangGuard)
struct BrokerLossTests {
    /// What the host does with the events while the trouble goes on.
    private struct Work {
        let function: String
        let settings: String
        let payload: String
        /// What the journal says of a handled event.
        let deed: String
        let attempts: ClosedRange<Int>

        /// Each event is acknowledged at once.
        static let plain = Work(
            function: "record",
            settings: "concurrency: 32",
            payload: "{}",
            deed: "recorded",
            attempts: 1...1
        )
        /// Each event fails once: its copy has to be published and confirmed before it is acknowledged.
        static let retried = Work(
            function: "fail-first",
            settings: "concurrency: 32\nretry:\n  maxAttempts: 3\n  backoff: { initial: 100ms, multiplier: 1 }",
            payload: #"{"failures":1}"#,
            deed: "succeeded",
            attempts: 1...2
        )
    }

    /// So many may be published and not handled: enough to be under load, and few enough to be handled soon after the
    /// trouble, however slow the machine is and however long the trouble takes.
    private static let ahead = 750

    /// Publishes events until the trouble is over, and accounts for every one of them.
    private static func account(of work: Work = .plain, during trouble: (TestBed) async throws -> Void) async throws {
        try await TestBed.use(.spoiled) { bed in
            try bed.deploy(work.function, work.settings)
            let host = try await bed.startHost()
            // RabbitMQ writes down which quorum queues it has some time after they were made; one that a power failure
            // makes it forget never gets a leader again.
            try await bed.node.control(["eval", "[dets:sync(Table) || Table <- dets:all()]."])
            let isOver = Atomic(false)
            defer { isOver.store(true, ordering: .relaxed) }
            let publisher = Task {
                var published = 0
                var confirmed: Set<String> = []
                while !isOver.load(ordering: .relaxed) {
                    let ids = (published..<published + 250).map { "e-\($0)" }
                    confirmed.formUnion(await bed.publish(ids: ids, work.payload))
                    published += ids.count
                    try await bed.journal.wait(for: "progress") { deeds in
                        isOver.load(ordering: .relaxed) || deeds.events(work.deed).count >= published - Self.ahead
                    }
                }
                return (published, confirmed)
            }
            try await bed.journal.wait(for: "load") { $0.count >= 1000 }
            try await trouble(bed)
            try await host.wait(for: "the loss of the connection") { log in
                log.contains { $0.message == "lost the connection to the broker; connecting again" }
            }
            // Under load again.
            let before = bed.journal.deeds.count
            try await bed.journal.wait(for: "load after the trouble") { $0.count >= before + 1000 }
            isOver.store(true, ordering: .relaxed)
            let (published, confirmed) = try await publisher.value
            #expect(confirmed.count == published)
            let deeds = try await bed.journal.wait(for: "every event") { deeds in
                deeds.count >= confirmed.count && deeds.events(work.deed).isSuperset(of: confirmed)
            }
            #expect(
                deeds.allSatisfy { work.attempts.contains($0.attempt) },
                "what the broker delivers again is no attempt"
            )
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: bed.journal.deeds.events(work.deed),
                function: work.function
            )
            // What was handled and not yet acknowledged when the connection went is delivered again, and may be
            // waiting.
            ledger.expectBalance()
            #expect(ledger.dead == [] && ledger.parked == [])
        }
    }

    @Test func `a broker killed and restarted under load costs no event`() async throws {
        try await Self.account { bed in
            await bed.node.kill()
            try await bed.node.restart()
        }
    }

    @Test func `connections closed by an operator under load cost no event`() async throws {
        try await Self.account { bed in try await bed.node.control(["close_all_connections", "test"]) }
    }

    @Test func `connections closed while copies for retries are on their way cost no event`() async throws {
        try await Self.account(of: .retried) { bed in
            for _ in 0..<3 { try await bed.node.control(["close_all_connections", "test"]) }
        }
    }

    @Test func `a host told to stop while the broker takes nothing ends all the same, and loses nothing`() async throws
    {
        try await TestBed.use(.spoiled) { bed in
            try bed.deploy("record")
            let first = try await bed.startHost()
            #expect(try await first.stop() == 0)
            let published = try await bed.command(["publish", "work", "--data", "{}", "--delay", "100ms"])
            #expect(published.exitCode == 0)
            let scheduled = "\(bed.namespace).scheduled"
            try await wait(for: "the event to be due") {
                try await bed.broker.inspect(queue: scheduled)?.readyMessages == 1
            }
            try await bed.node.withMemoryAlarm {
                // It takes the event, and cannot publish it on.
                let host = try await bed.startHost()
                try await host.says("the broker takes no messages for now")
                #expect(try await host.stop() == 0)
            }
            try await wait(for: "the event to be back") {
                try await bed.broker.inspect(queue: scheduled)?.readyMessages == 1
            }
            #expect(bed.journal.deeds.isEmpty)
        }
    }

    @Test func `what is scheduled and being published when deliveries are cut is published once`() async throws {
        try await TestBed.use(.spoiled) { bed in
            try bed.deploy("record", keys: ["nothing"])
            let first = try await bed.startHost()
            #expect(try await first.stop() == 0)
            let audit = try await bed.auditReader()
            let ids = (1...20).map { "e-\($0)" }
            for id in ids {
                let result = try await bed.command(["publish", "work", "--data", "{}", "--id", id, "--delay", "100ms"])
                #expect(result.exitCode == 0)
            }
            let scheduled = "\(bed.namespace).scheduled"
            try await wait(for: "the events to be due") {
                try await bed.broker.inspect(queue: scheduled)?.readyMessages == ids.count
            }
            let surgery = QueueSurgery(scheduled, of: bed.node)
            let host = try await bed.node.withMemoryAlarm {
                let host = try await bed.startHost()
                try await wait(for: "the host to take the events, which it cannot publish") {
                    try await bed.broker.inspect(queue: scheduled)?.readyMessages == 0
                }
                try await host.says("the broker takes no messages for now")
                #expect(try await surgery.cutConnections() == 1)
                try await wait(for: "the host to take them again") {
                    let inspection = try await bed.broker.inspect(queue: scheduled)
                    return inspection?.readyMessages == 0 && inspection?.consumers == 1
                }
                return host
            }
            #expect(Set(try await audit.messages(ids.count).map(\.id)) == Set(ids))
            try await wait(for: "the events to be settled") {
                try await surgery.unsettled() == 0
            }
            #expect(try await host.stop() == 0)
            #expect(try await audit.messages(ids.count).count == ids.count, "none comes twice")
        }
    }

    @Test func `more consumers than one connection may have channels are spread over connections`() async throws {
        try await TestBed.use(.spoiled) { bed in
            try await bed.node.control(["eval", "application:set_env(rabbit, channel_max, 4)."])
            let names = (1...11).map { "record-\($0)" }
            for name in names {
                try bed.deploy(
                    manifest: """
                        apiVersion: warren/v1
                        kind: Function
                        name: \(name)
                        handler: test-functions/record
                        events: { exchange: \(bed.exchange), keys: [\(name)] }
                        env: { JOURNAL: \(bed.journal.path) }

                        """,
                    as: name
                )
            }
            let host = try await bed.startHost()
            for name in names { try await bed.publish(bed.event("{}", id: name, key: name)) }
            try await bed.journal.wait(for: "an event of each") { $0.events("recorded") == Set(names) }
            let losses = ["deliveries stopped", "lost the connection to the broker; connecting again"]
            #expect(!host.log.contains { losses.contains($0.message) })
            #expect(try await host.stop() == 0)
            try await bed.node.control(["eval", "application:set_env(rabbit, channel_max, 2047)."])
        }
    }

    @Test func `a queue deleted under its consumer comes back and takes new events`() async throws {
        try await TestBed.use(.spoiled) { bed in
            try bed.deploy("record")
            let host = try await bed.startHost()
            try await bed.publish(bed.event("{}", id: "before"))
            try await bed.journal.wait(for: "first event") { $0.events("recorded") == ["before"] }
            try await bed.node.control(["delete_queue", bed.queue("record")])
            let log = try await host.wait(for: "healed function") { log in
                log.count { $0.message == "running" } == 2
            }
            #expect(log.contains { $0.message == "deliveries stopped" && $0["lost"] == "consumer" })
            try await wait(for: "route to the new queue") {
                await bed.broker.publish([bed.event("{}", id: "after")]) == [.confirmed]
            }
            try await bed.journal.wait(for: "second event") { $0.events("recorded") == ["before", "after"] }
        }
    }

    @Test func `a delay level that somebody deleted is made anew, and what waits behind it arrives`()
        async throws
    {
        try await TestBed.use(.spoiled) { bed in
            // What cannot be passed on is tried again by the broker after three minutes, which is long for a test.
            let time = "dead_letter_worker_publisher_confirm_timeout"
            try await bed.node.control(["eval", "application:set_env(rabbit, \(time), 1000)."])
            try bed.deploy("record", keys: ["later"])
            // Makes the queue, and ends: the levels are made by the command, and no host knows of them.
            #expect(try await bed.startHost().stop() == 0)
            let published = try await bed.command(["publish", "later", "--data", "{}", "--id", "e-1", "--delay", "6s"])
            #expect(published.exitCode == 0)
            // 6 s are the levels 5, 4, 3 and 2.
            let exchange = "rabbit_misc:r(<<\"/\">>, exchange, <<\"\(bed.namespace).delay.02\">>)"
            try await bed.node.control(["eval", "rabbit_exchange:delete(\(exchange), false, <<\"test\">>)."])
            let host = try await bed.startHost()
            try await bed.journal.wait(for: "the event") { $0.events("recorded") == ["e-1"] }
            #expect(try await host.stop() == 0)
            try await bed.node.control(["eval", "application:unset_env(rabbit, \(time))."])
        }
    }
}

extension SharedBroker {
    /// For tests of the host that kill the node or cut its connections.
    fileprivate static let spoiled = SharedBroker()
}
