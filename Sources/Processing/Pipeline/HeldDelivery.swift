import Messaging

/// A delivery that this host has looked at and holds unacknowledged, with all that is known of its event.
struct HeldDelivery: Hashable {
    /// Delivered again while it runs or is settled: the last delivery counts.
    var delivery: Delivery
    /// The subscription that the delivery came from.
    var subscription: SubscriptionID
    /// The broker has taken the delivery back: its tag is void, and the message comes again, here or elsewhere.
    var isOrphaned = false
    private(set) var history: AttemptHistory
    let origin: Origin
    /// Milliseconds since 1970; nil when it lives for ever.
    let expiresAt: Int64?
    /// Nil for an event that cannot be told from others.
    let identity: EventIdentity?

    /// It is to be run again, without having left this host.
    func again(_ history: AttemptHistory) -> HeldDelivery {
        var next = self
        next.history = history
        return next
    }

    /// The same run goes on for another delivery of its message.
    mutating func takeOver(_ delivery: Delivery, from subscription: SubscriptionID) {
        self.delivery = delivery
        self.subscription = subscription
        self.isOrphaned = false
    }
}

/// What a host does with a delivery that it holds.
///
/// ```
/// delivered ─▶ waiting ─▶ running ───────────────▶ acknowledged     done, and nothing was emitted
///                 ▲          │  └──▶ replacing ──▶ acknowledged     retried, dead-lettered, or done and emitted
///                 └─ held back
/// ```
///
/// From every phase a delivery can go back to the queue. A run or replacement whose delivery the broker has taken back
/// is orphaned: it goes on, and the delivery that comes again takes the place of the one that is gone.
enum DeliveryPhase: Hashable {
    /// Delivered; its turn has not come.
    case waiting
    case heldBack(HoldReason)
    case running
    /// What takes its place (a retry's copy, a dead letter, emitted events) is published, and not confirmed yet.
    case replacing
}

/// Why a delivery that could run does not.
enum HoldReason: Hashable {
    /// It was with an invoker that did not run it. It goes first when one can.
    case notRun
    /// Another message of the same event is running.
    case duplicate
    /// It is the head of an ordered queue, and its next attempt is not due.
    case backoff
}
