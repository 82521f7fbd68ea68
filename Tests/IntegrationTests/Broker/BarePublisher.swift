import AMQP
import LocalBroker
import Messaging
import Synchronization

/// Publishes one message after the other to a quorum queue of its own, by one node only, and measures how long it waits
/// for confirms. When that node is well, it is RabbitMQ that is waited for.
final class BarePublisher: Sendable {
    private let queue = "bare-\(UInt32.random(in: 0 ... .max))"
    private let node: LocalBroker
    private let broker: AMQPBroker
    private let isOver = Atomic(false)

    private init(by node: LocalBroker) throws {
        self.node = node
        self.broker = try AMQPBroker(
            address: AMQPAddress(node.url),
            name: "bare",
            logger: RabbitMQUnderTest.silent
        )
    }

    /// - Returns: the longest time without a confirm while the body ran, in milliseconds.
    static func wait(
        by node: LocalBroker,
        leader: LocalBroker,
        of cluster: LocalCluster,
        while body: () async throws -> Void
    ) async throws -> Int {
        let publisher = try BarePublisher(by: node)
        let queue = QueueDeclaration(
            name: publisher.queue,
            arguments: [DeclarationArgument("x-queue-type", .text("quorum"))]
        )
        try await publisher.broker.declare([.queue(queue)])
        try await cluster.lead(publisher.queue, from: leader)
        defer { publisher.isOver.store(true, ordering: .relaxed) }
        let longest = Task { await publisher.publish() }
        try await body()
        publisher.isOver.store(true, ordering: .relaxed)
        let wait = await longest.value
        await publisher.broker.close()
        try await node.control(["delete_queue", publisher.queue])
        return Int(wait / .milliseconds(1))
    }

    private func publish() async -> Duration {
        let message = OutgoingMessage(
            exchange: "",
            routingKey: self.queue,
            properties: BasicProperties(),
            headers: FieldTable(),
            body: []
        )
        var confirmed = ContinuousClock.now
        var longest = Duration.zero
        while !self.isOver.load(ordering: .relaxed) {
            if await self.broker.publish([message]) == [.confirmed] {
                longest = max(longest, confirmed.duration(to: .now))
                confirmed = .now
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return longest
    }
}
