import EventLoops
import Messaging
import WarrenTesting

/// An intake over the in-memory broker whose connection the test can break and mend, and that keeps account of what is
/// settled.
final class BreakableIntake: Intake {
    private enum Phase {
        case wanted
        /// Unsubscribed, not confirmed yet. A loss of the connection confirms it, as it does for RabbitMQ's intake.
        case leaving
        case ended
    }

    private struct Subscription {
        let wanted: Messaging.Subscription
        let handler: (SubscriptionEvent) -> Void
        var phase = Phase.wanted
        /// Whether it gives back what it holds: nothing of it can be settled any more.
        var isReturning = false
        /// The newest generation of its tags, and the newest of those that are void.
        var generation: UInt32 = 0
        var voided: UInt32 = 0
        /// In the present connection.
        var inner: SubscriptionID?
    }

    private struct Key: Hashable {
        let subscription: SubscriptionID
        let tag: DeliveryTag
    }

    static let error = BrokerError(.unreachable, "the test broke the connection")

    private let broker: InMemoryBroker
    private let loop: EventLoop
    private let bodyLimit: UInt64
    private var inner: InMemoryIntake?
    private var subscriptions: [SubscriptionID: Subscription] = [:]
    /// Which connection it is, as the upper half of a tag's generation.
    private var connection: UInt32 = 1
    private var outstanding: Set<Key> = []

    /// Settlements of tags that were settled before in the same life, or belong to another subscription.
    private(set) var wrongSettlements: [String] = []
    private(set) var acknowledged = 0
    private(set) var givenBack = 0
    private(set) var refused = 0

    init(broker: InMemoryBroker, loop: EventLoop, bodyLimit: UInt64) throws(SystemError) {
        self.broker = broker
        self.loop = loop
        self.bodyLimit = bodyLimit
        self.inner = try InMemoryIntake(broker: broker, bodyLimit: bodyLimit, loop: loop)
    }

    var isConnected: Bool { self.inner != nil }
    /// As long as it is set acknowledgements wait here, as they do when the broker's socket takes nothing.
    var isHoldingFlushes = false
    /// Subscriptions that were ever made.
    var subscriptionCount: Int { self.subscriptions.count }

    func breakConnection() {
        guard self.inner != nil else { return }
        self.inner = nil
        self.connection += 1
        self.outstanding.removeAll()
        for id in self.subscriptions.keys.sorted(by: { $0.number < $1.number }) {
            guard let subscription = self.subscriptions[id] else { continue }
            // An ended one, too: what it delivered may still be running.
            subscription.handler(.interrupted(.connection, Self.error))
            if subscription.phase == .leaving { self.received(.ended, for: id) }
        }
    }

    func mendConnection() throws(SystemError) {
        guard self.inner == nil else { return }
        self.inner = try InMemoryIntake(broker: self.broker, bodyLimit: self.bodyLimit, loop: self.loop)
        for (id, subscription) in self.subscriptions where subscription.phase == .wanted { self.connect(id) }
    }

    private func connect(_ id: SubscriptionID) {
        guard let inner = self.inner, let subscription = self.subscriptions[id] else { return }
        self.subscriptions[id]?.inner = inner.subscribe(subscription.wanted) {
            [weak self] event in
            self?.received(event, for: id)
        }
    }

    private func received(_ event: SubscriptionEvent, for id: SubscriptionID) {
        guard let subscription = self.subscriptions[id], subscription.phase != .ended else { return }
        switch event {
        case .deliveries(let deliveries):
            let own = deliveries.map { self.retagged($0, connection: self.connection) }
            for delivery in own { self.subscriptions[id]?.generation = delivery.tag.generation }
            for delivery in own { self.outstanding.insert(Key(subscription: id, tag: delivery.tag)) }
            subscription.handler(.deliveries(own))
        case .interrupted:
            self.outstanding = self.outstanding.filter { $0.subscription != id }
            self.subscriptions[id]?.voided = subscription.generation
            subscription.handler(event)
        case .active:
            subscription.handler(event)
        case .ended:
            self.subscriptions[id]?.phase = .ended
            subscription.handler(event)
        }
    }

    private func retagged(_ delivery: Delivery, connection: UInt32) -> Delivery {
        Delivery(
            tag: DeliveryTag(generation: connection << 16 | delivery.tag.generation, value: delivery.tag.value),
            exchange: delivery.exchange,
            isRedelivered: delivery.isRedelivered,
            bytes: delivery.bytes,
            routingKeyCount: Int(delivery.routingKeyRange.count),
            propertiesCount: Int(delivery.propertiesRange.count),
            omittedBodySize: delivery.omittedBodySize
        )
    }

    /// The tag and subscription within the present connection; nil when the tag is void.
    private func settle(_ tag: DeliveryTag, of id: SubscriptionID) -> (DeliveryTag, SubscriptionID)? {
        guard let subscription = self.subscriptions[id], !subscription.isReturning,
            tag.generation >> 16 == self.connection, tag.generation > subscription.voided
        else { return nil }
        guard self.outstanding.remove(Key(subscription: id, tag: tag)) != nil else {
            self.wrongSettlements.append("\(tag) of \(id)")
            return nil
        }
        guard let inner = subscription.inner else { return nil }
        return (DeliveryTag(generation: tag.generation & 0xffff, value: tag.value), inner)
    }

    // MARK: - Intake

    func subscribe(
        _ subscription: Messaging.Subscription,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> SubscriptionID {
        let id = SubscriptionID(number: 1000 + self.subscriptions.count)
        self.subscriptions[id] = Subscription(wanted: subscription, handler: handler)
        self.connect(id)
        return id
    }

    func unsubscribe(_ subscription: SubscriptionID, _ departure: UnsubscribeMode) {
        guard self.subscriptions[subscription]?.phase == .wanted else { return }
        self.subscriptions[subscription]?.phase = .leaving
        switch departure {
        case .settling: break
        case .returning:
            self.flush()
            self.subscriptions[subscription]?.isReturning = true
            self.outstanding = self.outstanding.filter { $0.subscription != subscription }
        }
        if let inner = self.inner, let number = self.subscriptions[subscription]?.inner {
            inner.unsubscribe(number, departure)
        } else {
            // From inside of this call, as RabbitMQ's intake does.
            self.received(.ended, for: subscription)
        }
    }

    func renew(_ subscription: SubscriptionID, because error: BrokerError) {
        guard let number = self.subscriptions[subscription]?.inner else { return }
        self.inner?.renew(number, because: error)
    }

    func acknowledge(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        guard let (tag, inner) = self.settle(tag, of: subscription) else { return }
        self.acknowledged += 1
        self.inner?.acknowledge(tag, of: inner)
    }

    func requeue(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        guard let (tag, inner) = self.settle(tag, of: subscription) else { return }
        self.givenBack += 1
        self.inner?.requeue(tag, of: inner)
    }

    func reject(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        guard let (tag, inner) = self.settle(tag, of: subscription) else { return }
        self.refused += 1
        self.inner?.reject(tag, of: inner)
    }

    func flush() {
        guard !self.isHoldingFlushes else { return }
        self.inner?.flush()
    }

    func close(_ completion: @escaping () -> Void) {
        guard let inner = self.inner else { return completion() }
        inner.close(completion)
    }
}
