import EventLoops
import Messaging

/// The event at the head of an ordered queue that has failed: it blocks the queue until it succeeds or is
/// dead-lettered, so its attempts are counted here, by the host that holds it, and not in a copy that would lose its
/// place.
///
/// What is remembered outlives the delivery: when the connection is lost, or the delivery is handed back to renew it,
/// the broker delivers the same event again first, and its history goes on. On another host it begins anew.
struct OrderedHead: Hashable {
    /// A delivery that waits longer is handed back and taken again: the broker takes one back by itself that is not
    /// settled within 30 minutes (its consumer timeout), and the next attempt needs its own time.
    static let longestHold = Duration.seconds(300)

    let key: EventKey
    let history: AttemptHistory
    /// Milliseconds since 1970; nil when it lives for ever.
    let expiresAt: Int64?
    /// When the next attempt may begin.
    let due: SteadyInstant
}

/// The head's delivery while it waits for its next attempt.
struct WaitingHead: Hashable {
    let delivery: HeldDelivery
    let due: SteadyInstant
    let since: SteadyInstant

    enum Turn {
        case wait(Duration)
        case run
        /// The same consumer gets it again at once: nothing else was delivered to it.
        case requeue
    }

    func turn(at now: SteadyInstant) -> Turn {
        let age = self.since.duration(to: now)
        if age >= OrderedHead.longestHold { return .requeue }
        let wait = now.duration(to: self.due)
        return wait > .zero ? .wait(min(wait, OrderedHead.longestHold - age)) : .run
    }
}
