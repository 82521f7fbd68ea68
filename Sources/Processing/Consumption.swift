import DequeModule
import Messaging

/// One function's consumer: what is subscribed, what was delivered and has not begun, and what is still leaving.
/// Confined to one loop.
///
/// A subscription with another prefetch takes the place of the present one without a gap: the new one is made before
/// the old one is told to go.
final class Consumption {
    enum Event {
        case active
        /// Deliveries that are too large to be kept.
        case oversized([Delivery], SubscriptionLife)
        /// With the size of the largest one: routing key, properties and body.
        case arrived(Int, largest: Int)
        /// Every tag of that life is void. `isCurrent`: nothing is delivered until it is mended.
        case interrupted(Interruption, BrokerError, isCurrent: Bool)
        case ended
    }

    private final class Subscription {
        let prefetch: UInt16
        var life: SubscriptionLife?
        var departure: Departure?

        init(prefetch: UInt16) { self.prefetch = prefetch }
    }

    private let intake: any Intake
    /// Keeps back what needs no run, and returns the others.
    private let sift: ([Delivery], SubscriptionLife) -> [Delivery]
    private let handler: (Event) -> Void
    private var current: Subscription?
    private var leaving: [Subscription] = []
    /// All of the present subscription.
    private(set) var waiting = Deque<Delivery>()
    /// The broker delivers.
    private(set) var isActive = false

    init(
        intake: any Intake,
        sift: @escaping ([Delivery], SubscriptionLife) -> [Delivery],
        handler: @escaping (Event) -> Void
    ) {
        self.intake = intake
        self.sift = sift
        self.handler = handler
    }

    /// Nothing is delivered and nothing will be.
    var isNone: Bool { self.current == nil && self.leaving.isEmpty }
    var hasWaiting: Bool { !self.waiting.isEmpty }

    /// Consumes the queue. With the same prefetch nothing changes.
    ///
    /// - Parameter isAlone: no other subscription of this function may be left meanwhile.
    func want(_ queue: String, prefetch: UInt16, isAlone: Bool) {
        if let current = self.current {
            guard current.prefetch != prefetch else { return }
            if isAlone { return self.leave(.returning) }
        }
        guard !isAlone || self.leaving.isEmpty else { return }
        let old = self.current
        let subscription = Subscription(prefetch: prefetch)
        self.isActive = false
        let id = self.intake.subscribe(to: queue, prefetch: prefetch) { [weak self] event in
            self?.handle(event, of: subscription)
        }
        subscription.life = SubscriptionLife(id)
        self.current = subscription
        if let old { self.part(from: old, .settling) }
    }

    func leave(_ departure: Departure) {
        guard let current = self.current else { return }
        self.current = nil
        self.isActive = false
        self.part(from: current, departure)
    }

    /// It is not the present one any more: without a connection the intake reports the end inside of `unsubscribe`, and
    /// whoever hears of that may come here again.
    private func part(from subscription: Subscription, _ departure: Departure) {
        guard let life = subscription.life else { return }
        subscription.departure = departure
        self.leaving.append(subscription)
        self.intake.unsubscribe(life.subscription, departure)
        switch departure {
        case .settling:
            // After the word to stop, or the broker would deliver them here again.
            for delivery in self.waiting { self.intake.giveBack(delivery.tag, of: life.subscription) }
        case .returning:
            // They go back with the channel, in their order.
            life.end()
        }
        self.waiting.removeAll()
    }

    /// Forgets every subscription: the host ends without the broker's word, and what is not settled goes back.
    func abandon() {
        for subscription in self.leaving + [self.current].compactMap({ $0 }) { subscription.life?.end() }
        self.current = nil
        self.leaving.removeAll()
        self.waiting.removeAll()
        self.isActive = false
    }

    /// Makes the consumer anew, although nothing was reported about it.
    func renew(because error: BrokerError) {
        guard let life = self.current?.life else { return }
        self.intake.renew(life.subscription, because: error)
    }

    /// The next delivery, if there is one.
    func next() -> (Delivery, SubscriptionLife)? {
        guard let life = self.current?.life, let delivery = self.waiting.popFirst() else { return nil }
        return (delivery, life)
    }

    private func handle(_ event: SubscriptionEvent, of subscription: Subscription) {
        switch event {
        case .active:
            guard subscription === self.current else { return }
            self.isActive = true
            self.handler(.active)
        case .deliveries(let deliveries):
            self.take(deliveries, of: subscription)
        case .interrupted(let what, let error):
            self.interrupt(subscription)
            self.handler(.interrupted(what, error, isCurrent: subscription === self.current))
        case .ended:
            self.leaving.removeAll { $0 === subscription }
            self.handler(.ended)
        }
    }

    private func take(_ deliveries: [Delivery], of subscription: Subscription) {
        guard let life = subscription.life else { return }
        switch subscription.departure {
        case nil:
            let isKept = deliveries.allSatisfy { $0.omittedBodySize == nil }
            if isKept {
                self.waiting.append(contentsOf: self.sift(deliveries, life))
            } else {
                self.waiting.append(contentsOf: self.sift(deliveries.filter { $0.omittedBodySize == nil }, life))
                self.handler(.oversized(deliveries.filter { $0.omittedBodySize != nil }, life))
            }
            self.handler(.arrived(deliveries.count, largest: deliveries.reduce(0) { max($0, $1.bytes.count) }))
        case .settling?:
            let isKept = deliveries.allSatisfy { $0.omittedBodySize == nil }
            for delivery in isKept ? self.sift(deliveries, life) : deliveries {
                self.intake.giveBack(delivery.tag, of: life.subscription)
            }
        case .returning?:
            break
        }
    }

    private func interrupt(_ subscription: Subscription) {
        guard let life = subscription.life else { return }
        life.end()
        subscription.life = SubscriptionLife(life.subscription)
        guard subscription === self.current else { return }
        self.isActive = false
        self.waiting.removeAll()
    }
}
