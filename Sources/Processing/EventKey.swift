import Messaging

/// Recognises a message that the broker delivers again: the event's id, and a hash of every byte of it. A copy made by
/// a retry has other headers, and so another key; two messages with the same id by mistake differ too.
struct EventKey: Hashable, Sendable {
    private let id: String
    private let content: UInt128

    init(_ delivery: Delivery) {
        self.id = delivery.eventID(EventAttributes(delivery))
        var hash = StableHash()
        hash.combine(delivery.bytes)
        self.content = hash.value
    }
}
