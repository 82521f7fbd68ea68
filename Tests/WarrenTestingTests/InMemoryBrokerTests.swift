import BrokerConformance
import Messaging
import Testing

@testable import WarrenTesting

/// What only the in-memory broker offers: its clock, and looks inside.
struct InMemoryBrokerTests {
    private static func message(_ id: String, to queue: String) -> OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = id
        return OutgoingMessage(
            exchange: "",
            routingKey: queue,
            properties: properties,
            headers: FieldTable(),
            body: []
        )
    }

    private static func queue(_ name: String, _ arguments: DeclarationArgument...) -> Declaration {
        .queue(QueueDeclaration(name: name, arguments: arguments))
    }

    private static let atLeastOnce = DeclarationArgument("x-dead-letter-strategy", .text("at-least-once"))
    private static let refusing = DeclarationArgument("x-overflow", .text("reject-publish"))

    @Test func `nothing expires before its time, and each at its own`() async throws {
        let clock = ManualClock()
        let broker = InMemoryBroker(clock: clock)
        try await broker.declare([
            Self.queue("done"),
            Self.queue(
                "second",
                DeclarationArgument("x-message-ttl", .number(86_400_000)),
                DeclarationArgument("x-dead-letter-exchange", .text("")),
                DeclarationArgument("x-dead-letter-routing-key", .text("done"))
            ),
            Self.queue(
                "first",
                DeclarationArgument("x-message-ttl", .number(1000)),
                DeclarationArgument("x-dead-letter-exchange", .text("")),
                DeclarationArgument("x-dead-letter-routing-key", .text("second"))
            ),
        ])
        #expect(await broker.publish([Self.message("1", to: "first")]) == [.confirmed])
        #expect(broker.nextExpiry == .seconds(1))
        clock.advance(by: .milliseconds(999))
        #expect(broker.counts(of: "first") == InMemoryBroker.Counts(ready: 1))
        clock.advance(by: .seconds(86_400))
        #expect(broker.counts(of: "second") == InMemoryBroker.Counts(ready: 1))
        #expect(broker.nextExpiry == .seconds(86_401))
        clock.advance(by: .milliseconds(1))
        #expect(broker.messages(in: "done").map(\.properties.messageID) == ["1"])
        #expect(broker.nextExpiry == nil)
    }

    @Test func `a dead letter without a way is held until there is one`() async throws {
        let clock = ManualClock()
        let broker = InMemoryBroker(clock: clock)
        try await broker.declare([
            Self.queue(
                "q",
                DeclarationArgument("x-message-ttl", .number(100)),
                DeclarationArgument("x-dead-letter-exchange", .text("dlx")),
                Self.atLeastOnce,
                Self.refusing
            ),
            Self.queue(
                "careless",
                DeclarationArgument("x-message-ttl", .number(100)),
                DeclarationArgument("x-dead-letter-exchange", .text("dlx"))
            ),
        ])
        _ = await broker.publish([Self.message("1", to: "q"), Self.message("2", to: "careless")])
        clock.advance(by: .milliseconds(100))
        #expect(broker.counts(of: "q") == InMemoryBroker.Counts(held: 1))
        #expect(broker.counts(of: "careless") == InMemoryBroker.Counts(), "at most once loses it")
        try await broker.declare([
            .exchange(ExchangeDeclaration(name: "dlx", kind: .fanout)), Self.queue("dead"),
            .binding(BindingDeclaration(source: "dlx", routingKey: "", destination: .queue("dead"))),
        ])
        #expect(broker.counts(of: "q") == InMemoryBroker.Counts())
        #expect(broker.messages(in: "dead").map(\.properties.messageID) == ["1"])
        #expect(broker.messages(in: "dead").map(\.exchange) == ["dlx"])
    }

    @Test func `a full queue refuses or drops its oldest, as it says`() async throws {
        let broker = InMemoryBroker()
        let limit = DeclarationArgument("x-max-length", .number(2))
        try await broker.declare([Self.queue("refusing", limit, Self.refusing), Self.queue("dropping", limit)])
        let refusing = await broker.publish((1...3).map { Self.message("\($0)", to: "refusing") })
        #expect(refusing == [.confirmed, .confirmed, .nacked])
        let dropping = await broker.publish((1...3).map { Self.message("\($0)", to: "dropping") })
        #expect(dropping == [.confirmed, .confirmed, .confirmed])
        #expect(broker.messages(in: "refusing").map(\.properties.messageID) == ["1", "2"])
        #expect(broker.messages(in: "dropping").map(\.properties.messageID) == ["2", "3"])
        #expect(broker.queueNames == ["dropping", "refusing"])
        #expect(broker.isIdle, "nobody consumes them")
    }

    @Test func `queues that dead-letter to each other do not turn for ever`() async throws {
        let broker = InMemoryBroker()
        func turning(_ name: String, to other: String) -> Declaration {
            Self.queue(
                name,
                DeclarationArgument("x-message-ttl", .number(0)),
                DeclarationArgument("x-dead-letter-exchange", .text("")),
                DeclarationArgument("x-dead-letter-routing-key", .text(other))
            )
        }
        try await broker.declare([turning("a", to: "b"), turning("b", to: "a")])
        #expect(await broker.publish([Self.message("1", to: "a")]) == [.confirmed])
        #expect(broker.counts(of: "a") == InMemoryBroker.Counts())
        #expect(broker.counts(of: "b") == InMemoryBroker.Counts())
    }

    @Test func `a single active consumer that goes to settle makes room for the next one at once`() async throws {
        let broker = InMemoryBroker()
        try await broker.declare([Self.queue("q", DeclarationArgument("x-single-active-consumer", .flag(true)))])
        _ = await broker.publish((1...4).map { Self.message("\($0)", to: "q") })
        let probe = try IntakeProbe { try InMemoryIntake(broker: broker, loop: $0) }
        let first = probe.subscribe(to: "q", prefetch: 2)
        let held = try await first.deliveries(2)
        let second = probe.subscribe(to: "q")
        try await second.signal(.active)
        #expect(broker.counts(of: "q") == InMemoryBroker.Counts(ready: 2, unacknowledged: 2))
        first.unsubscribe(.settling)
        #expect(try await second.deliveries(2).allSatisfy { !$0.isRedelivered })
        #expect(
            broker.counts(of: "q") == InMemoryBroker.Counts(unacknowledged: 4),
            "what the first holds is still there"
        )
        first.settle(held, .requeue)
        #expect(try await second.deliveries(4).suffix(2).allSatisfy { $0.isRedelivered })
        await probe.close()
    }
}
