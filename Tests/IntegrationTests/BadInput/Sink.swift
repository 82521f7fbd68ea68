import AMQP
import BrokerConformance
import LocalBroker
import Logging
import Messaging
import Testing

/// Queues of the shared node, looked at from outside of any host.
struct Sink: Sendable {
    let node: LocalBroker
    let address: AMQPAddress
    let broker: AMQPBroker
    private let probe: IntakeProbe

    init() async throws {
        let node = try await SharedBroker.calm.node
        let address = try AMQPAddress(node.url)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.node = node
        self.address = address
        self.broker = try AMQPBroker(address: address, name: "sink", logger: logger)
        self.probe = try IntakeProbe { loop in
            try AMQPIntake(address: address, name: "sink", bodyLimit: 32 << 20, loop: loop, logger: logger)
        }
    }

    /// Makes a topic exchange and a queue that is bound to it.
    func declare(queue: String, boundTo exchange: String, _ key: String) async throws {
        try await self.broker.declare([
            .exchange(ExchangeDeclaration(name: exchange, kind: .topic)),
            .queue(QueueDeclaration(name: queue, arguments: [DeclarationArgument("x-queue-type", .text("quorum"))])),
            .binding(BindingDeclaration(source: exchange, routingKey: key, destination: .queue(queue))),
        ])
    }

    /// Takes everything out of a queue as it comes.
    func drain(_ queue: String) -> IntakeProbe.Subscription {
        self.probe.subscribe(to: queue, prefetch: 2000, acknowledges: true)
    }

    func readyMessages(in queue: String) async throws -> Int? {
        try await self.broker.inspect(queue: queue)?.readyMessages
    }

    /// Asks until these queues hold so many messages: counts follow what happens a moment later.
    ///
    /// - Returns: how many they hold in the end.
    func readyMessages(in queues: [String], becoming expected: Int) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            var count = 0
            for queue in queues { count += try await self.readyMessages(in: queue) ?? 0 }
            if count == expected || ContinuousClock.now >= deadline { return count }
        }
    }

    func close() async {
        await self.probe.close()
        await self.broker.close()
    }
}

extension IntakeProbe.Subscription {
    /// Waits for the first delivery that satisfies the condition.
    func first(
        _ what: String,
        within limit: Duration = .seconds(20),
        where condition: @escaping @Sendable (Delivery) -> Bool
    ) async throws -> Delivery {
        let seen = try await self.wait(for: what, within: limit) { $0.deliveries.contains(where: condition) }
        return try #require(seen.deliveries.first(where: condition))
    }
}
