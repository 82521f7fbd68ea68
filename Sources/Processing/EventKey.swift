import Messaging

/// Recognises a message that the broker delivers again: the event's id, and a hash of what its publisher said. A copy
/// made by a retry has other headers, and so another key; two messages with the same id by mistake differ too.
struct EventKey: Hashable, Sendable {
    private let id: String
    private let content: UInt128

    init(_ delivery: Delivery) {
        self.id = delivery.eventID(EventAttributes(delivery))
        var hash = StableHash()
        hash.combine(delivery.exchange)
        hash.combine(delivery.routingKey)
        var headers = delivery.headers
        // The broker writes these into a message that it delivers again
        // (https://www.rabbitmq.com/docs/quorum-queues, poison message handling).
        headers.removeEntries { $0 == "x-delivery-count" || $0 == "x-acquired-count" }
        hash.combine(headers.bytes)
        hash.combine(delivery.body)
        self.content = hash.value
    }
}
