package import EventLoops
package import Messaging

/// The consuming side of an `InMemoryBroker`, on the thread of one event loop.
package final class InMemoryIntake: Intake {
    /// The broker's notices to the intake.
    enum Notice: Sendable {
        case event(SubscriptionID, InMemoryConsumer.Event)
        /// All earlier notices have been handled.
        case closed
    }

    private let broker: InMemoryBroker
    private let bodyLimit: UInt64
    private let loop: EventLoop
    private let mailbox: Mailbox<Notice>
    private let number: Int
    private var handlers: [SubscriptionID: (SubscriptionEvent) -> Void] = [:]
    private var acknowledged: [(tag: DeliveryTag, consumer: InMemoryConsumer.ID)] = []
    /// How each subscription that has been ended was unsubscribed.
    private var departures: [SubscriptionID: UnsubscribeMode] = [:]
    private var closeCompletion: (() -> Void)?
    private var isClosed = false

    /// Call on the loop's thread.
    ///
    /// - Parameter bodyLimit: the largest body in bytes. A larger body is not delivered, see
    ///   `Delivery.omittedBodySize`.
    /// - Throws: an error if the process has no descriptor left.
    package init(
        broker: InMemoryBroker,
        bodyLimit: UInt64 = UInt64(BodyLimit.bytes),
        loop: EventLoop
    ) throws(SystemError) {
        self.broker = broker
        self.bodyLimit = bodyLimit
        self.loop = loop
        self.mailbox = try Mailbox()
        self.number = broker.open(self.mailbox)
        self.mailbox.attach(to: loop) { [weak self] notices in self?.handle(notices) }
    }

    /// Releasing an intake is like losing its connection.
    deinit {
        if !self.isClosed {
            self.mailbox.detach(from: self.loop)
            self.broker.close(intake: self.number)
        }
    }

    private func consumer(_ subscription: SubscriptionID) -> InMemoryConsumer.ID {
        InMemoryConsumer.ID(intake: self.number, subscription: subscription)
    }

    /// Deliveries that arrive together are passed on together.
    private func handle(_ notices: [Notice]) {
        var batch: [Delivery] = []
        var owner: SubscriptionID?
        func handOver() {
            guard let subscription = owner, !batch.isEmpty else { return }
            let deliveries = batch
            batch = []
            // An earlier handler of this turn may have unsubscribed it.
            if self.departures[subscription] == .returning { return }
            self.handlers[subscription]?(.deliveries(deliveries))
        }
        func tell(_ subscription: SubscriptionID, _ event: SubscriptionEvent) {
            handOver()
            self.handlers[subscription]?(event)
        }
        for notice in notices {
            switch notice {
            case .event(let subscription, .delivered(let tag, let message)):
                if self.departures[subscription] == .returning { continue }
                if owner != subscription { handOver() }
                owner = subscription
                batch.append(message.delivery(tag: tag, bodyLimit: self.bodyLimit))
            case .event(let subscription, .active): tell(subscription, .active)
            case .event(let subscription, .interrupted(let what, let error)):
                tell(subscription, .interrupted(what, error))
            case .event(let subscription, .ended): tell(subscription, .ended)
            case .closed:
                handOver()
                self.finishClosing()
            }
        }
        handOver()
    }

    // MARK: - Intake

    /// The in-memory broker has no streams and no priorities, so it ignores consumer arguments.
    package func subscribe(
        _ subscription: Subscription,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> SubscriptionID {
        let id = SubscriptionID(number: self.handlers.count + 1)
        self.handlers[id] = handler
        self.broker.subscribe(self.consumer(id), to: subscription.queue, prefetch: subscription.prefetch)
        return id
    }

    package func unsubscribe(_ subscription: SubscriptionID, _ departure: UnsubscribeMode) {
        guard self.departures[subscription] == nil else { return }
        switch departure {
        case .settling: break
        case .returning: self.flush()
        }
        self.departures[subscription] = departure
        self.broker.unsubscribe(self.consumer(subscription), departure)
    }

    package func renew(_ subscription: SubscriptionID, because error: BrokerError) {
        self.broker.renew(self.consumer(subscription), because: error)
    }

    package func acknowledge(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.acknowledged.append((tag, self.consumer(subscription)))
    }

    package func requeue(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.broker.settle([(tag, self.consumer(subscription))], .requeue)
    }

    package func reject(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.broker.settle([(tag, self.consumer(subscription))], .reject)
    }

    package func flush() {
        guard !self.acknowledged.isEmpty else { return }
        self.broker.settle(self.acknowledged, .acknowledge)
        self.acknowledged.removeAll(keepingCapacity: true)
    }

    package func close(_ completion: @escaping () -> Void) {
        guard !self.isClosed else { return completion() }
        self.isClosed = true
        self.closeCompletion = completion
        self.flush()
        self.broker.close(intake: self.number)
        self.mailbox.send(.closed)
    }

    private func finishClosing() {
        self.mailbox.detach(from: self.loop)
        let completion = self.closeCompletion
        self.closeCompletion = nil
        completion?()
    }
}
