import AMQP
import BrokerConformance
import LocalBroker
import Logging
import Messaging
import Testing
import Waiting

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

    /// Waits until these queues hold so many messages: counts follow what happens a moment later.
    func expectReady(_ expected: Int, in queues: [String]) async throws {
        var count = 0
        try await Waiting.wait(for: "\(expected) messages in \(queues)", found: { "\(count)" }) {
            count = 0
            for queue in queues {
                guard let ready = try await self.readyMessages(in: queue) else { return false }
                count += ready
            }
            return count == expected
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
        where condition: @escaping @Sendable (Delivery) -> Bool
    ) async throws -> Delivery {
        let seen = try await self.wait(for: what) { $0.deliveries.contains(where: condition) }
        return try #require(seen.deliveries.first(where: condition))
    }
}
