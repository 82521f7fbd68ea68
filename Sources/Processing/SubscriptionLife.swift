import Messaging

/// One life of a subscription: from its beginning, or its last interruption, until the broker interrupts it. A tag is
/// worth something only in the life in which it was handed over, and only to that subscription.
final class SubscriptionLife {
    let subscription: SubscriptionID
    /// The broker has taken back everything that was handed over in this life.
    private(set) var isOver = false

    init(_ subscription: SubscriptionID) { self.subscription = subscription }

    func end() { self.isOver = true }
}

/// A delivery that is being run or settled.
struct RunningDelivery {
    /// The invocation's id; 0 before it has one.
    var id: UInt64
    /// Delivered again while it runs: the last one counts, with its life.
    var delivery: Delivery
    let history: AttemptHistory
    let origin: Origin
    /// Milliseconds since 1970; nil when it lives for ever.
    var expiresAt: Int64?
    var life: SubscriptionLife
    /// Nil for an event that cannot be told from others.
    var identity: EventIdentity?
}
