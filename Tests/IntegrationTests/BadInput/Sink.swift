import AMQP
import LocalBroker
import Logging
import Messaging

/// Queues of the shared node, looked at from outside of any host.
struct Sink: Sendable {
    let node: LocalBroker
    let address: AMQPAddress
    let broker: AMQPBroker

    init() async throws {
        let node = try await SharedBroker.calm.node
        let address = try AMQPAddress(node.url)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.node = node
        self.address = address
        self.broker = try AMQPBroker(address: address, name: "sink", logger: logger)
    }

    /// Makes a topic exchange and a queue that is bound to it.
    func declare(queue: String, boundTo exchange: String, _ key: String) async throws {
        try await self.broker.declare([
            .exchange(ExchangeDeclaration(name: exchange, kind: .topic)),
            .queue(QueueDeclaration(name: queue, arguments: [DeclarationArgument("x-queue-type", .text("quorum"))])),
            .binding(BindingDeclaration(source: exchange, routingKey: key, destination: .queue(queue))),
        ])
    }

    func readyMessages(in queue: String) async throws -> Int? {
        try await self.broker.inspect(queue: queue)?.readyMessages
    }

    func close() async { await self.broker.close() }
}
