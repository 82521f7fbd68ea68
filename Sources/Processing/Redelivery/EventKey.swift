import Messaging

/// Recognises a message that the broker delivers again, by all that its publisher said: source, id, type, time and
/// every other property, headers in any order, exchange, routing key and body. A copy made by a retry has other
/// headers, and so another key; so do two events of different sources with the same id.
struct EventKey: Hashable, Sendable {
    private let content: UInt128

    init(content: UInt128) { self.content = content }

    init(_ delivery: Delivery) { self.content = delivery.contentHash.value }
}

/// Recognises an event, by its source and id, whatever message brings it: the publisher's own, or a copy made by a
/// retry.
///
/// 64 bits are enough: of two events that are taken for one by accident, the second waits until the first has ended.
struct EventIdentity: Hashable, Sendable {
    private let content: UInt64

    /// A number below `marks`, which few other events have.
    var mark: Int { Int(truncatingIfNeeded: self.content) & (Self.marks - 1) }
    static let marks = 4096

    /// Nil for an event without an identity: one that says the same may be another one.
    ///
    /// - Parameter layout: the delivery's own.
    init?(_ delivery: Delivery, _ layout: PropertyLayout) {
        guard let hash = delivery.identityHash(layout) else { return nil }
        self.content = UInt64(truncatingIfNeeded: hash.value)
    }
}
