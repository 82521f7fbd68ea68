import Messaging

/// Recognises a message that the broker delivers again, by all that its publisher said: source, id, type, time and every
/// other property, headers in any order, exchange, routing key and body. A copy made by a retry has other headers, and
/// so another key; so do two events of different sources with the same id.
struct EventKey: Hashable, Sendable {
    private let content: UInt128

    init(_ delivery: Delivery) { self.content = delivery.contentHash.value }
}
