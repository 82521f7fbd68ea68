import Messaging
import Synchronization

/// Records the messages that are published to the given exchanges, in their order, and passes all messages on.
final class RecordingBroker: Broker {
    private let broker: InMemoryBroker
    private let exchanges: Set<String>
    private let recorded = Mutex<[OutgoingMessage]>([])

    init(_ broker: InMemoryBroker, recording exchanges: Set<String>) {
        self.broker = broker
        self.exchanges = exchanges
    }

    var events: [RecordedEvent] { self.recorded.withLock { $0.map(RecordedEvent.init) } }

    func declare(_ declarations: [Declaration]) async throws(BrokerError) {
        try await self.broker.declare(declarations)
    }

    func remove(_ removals: [Removal]) async throws(BrokerError) { try await self.broker.remove(removals) }

    func inspect(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.broker.inspect(queue: queue)
    }

    func inspectForCertain(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.broker.inspectForCertain(queue: queue)
    }

    func publish(
        _ messages: [OutgoingMessage],
        completion: @escaping @Sendable ([PublishResult]) -> Void
    ) {
        let events = messages.filter { self.exchanges.contains($0.exchange) }
        if !events.isEmpty { self.recorded.withLock { $0.append(contentsOf: events) } }
        self.broker.publish(messages, completion: completion)
    }
}
