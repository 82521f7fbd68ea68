internal import Messaging

/// Delivers and settles messages.
extension InMemoryBrokerState {
    /// How a delivered message is settled.
    enum Settlement: Sendable {
        case acknowledge
        case requeue
        case reject
    }

    mutating func subscribe(_ id: InMemoryConsumer.ID, to queue: String, prefetch: Int) {
        self.consumers[id] = InMemoryConsumer(queue: queue, prefetch: prefetch)
        if self.queues[queue] == nil {
            self.events.append((id, .interrupted(.channel, Self.missing(queue))))
        } else {
            self.activate(id)
        }
    }

    private mutating func activate(_ id: InMemoryConsumer.ID) {
        guard let queue = self.consumers[id]?.queue else { return }
        self.consumers[id]?.activate()
        self.queues[queue]?.consumers.append(id)
        self.events.append((id, .active))
        self.dispatch(queue)
    }

    /// Activates the subscriptions that have waited for a queue, in the order in which they were made.
    mutating func activateWaiting(for queue: String) {
        let waiting = self.consumers.filter { _, consumer in
            if case .waiting = consumer.state { consumer.queue == queue } else { false }
        }
        let order = waiting.keys.sorted { ($0.intake, $0.subscription.number) < ($1.intake, $1.subscription.number) }
        for id in order { self.activate(id) }
    }

    /// The queue of the consumer has been deleted.
    mutating func interrupt(_ id: InMemoryConsumer.ID) {
        guard let queue = self.consumers[id]?.queue else { return }
        self.consumers[id]?.state = .waiting
        let error = BrokerError(.notFound, "the broker cancelled the consumer of queue '\(queue)': it was deleted")
        self.events.append((id, .interrupted(.consumer, error)))
    }

    mutating func unsubscribe(_ id: InMemoryConsumer.ID, _ departure: UnsubscribeMode) {
        guard let consumer = self.consumers[id] else { return }
        if case .ended = consumer.state { return }
        self.consumers[id]?.state = .ended
        self.queues[consumer.queue]?.consumers.removeAll { $0 == id }
        switch departure {
        case .settling: break
        case .returning: self.returnUnsettled(of: id)
        }
        self.events.append((id, .ended))
        self.dispatch(consumer.queue)
    }

    /// The number of consumers that an inspection reports. One that has ended counts as long as it holds deliveries.
    func countedConsumers(of queue: String) -> Int {
        let holding = self.consumers.values.count { consumer in
            if case .ended = consumer.state { consumer.queue == queue && !consumer.unsettled.isEmpty } else { false }
        }
        return (self.queues[queue]?.countedConsumers ?? 0) + holding
    }

    /// The intake considers the consumer dead: it starts again, behind the other consumers of its queue.
    mutating func renew(_ id: InMemoryConsumer.ID, because error: BrokerError) {
        guard let consumer = self.consumers[id], case .consuming = consumer.state else { return }
        self.consumers[id]?.state = .waiting
        self.queues[consumer.queue]?.consumers.removeAll { $0 == id }
        self.events.append((id, .interrupted(.consumer, error)))
        self.returnUnsettled(of: id)
        self.dispatch(consumer.queue)
        self.activate(id)
    }

    private mutating func returnUnsettled(of id: InMemoryConsumer.ID) {
        guard let queue = self.consumers[id]?.queue, let unsettled = self.consumers[id]?.takeUnsettled() else { return }
        for message in unsettled { self.putBack(message, in: queue) }
    }

    /// Ends all subscriptions of an intake. Unsettled messages return to their queues.
    mutating func close(intake: Int) {
        let closed = self.consumers.filter { $0.key.intake == intake }
        for (id, consumer) in closed { self.queues[consumer.queue]?.consumers.removeAll { $0 == id } }
        for id in closed.keys {
            self.returnUnsettled(of: id)
            self.consumers[id] = nil
        }
        for queue in Set(closed.values.map(\.queue)) { self.dispatch(queue) }
    }

    /// Settles one message. A tag that is unknown or already settled has no effect.
    mutating func settle(_ tag: DeliveryTag, of id: InMemoryConsumer.ID, _ settlement: Settlement) {
        guard let queue = self.consumers[id]?.queue, let message = self.consumers[id]?.settle(tag) else { return }
        switch settlement {
        case .acknowledge: break
        case .requeue: self.putBack(message, in: queue)
        case .reject: self.deadLetter(message, .rejected, from: queue)
        }
        self.dispatch(queue)
    }

    /// Puts a message back, unless it has exceeded the delivery limit (https://www.rabbitmq.com/docs/quorum-queues,
    /// poison message handling).
    private mutating func putBack(_ message: InMemoryMessage, in name: String) {
        guard let queue = self.queues[name] else { return }
        var message = message
        message.deliveryCount += 1
        if let limit = queue.deliveryLimit, message.deliveryCount > limit {
            self.deadLetter(message, .deliveryLimit, from: name)
        } else {
            self.queues[name]?.putBack(message)
        }
    }

    /// Delivers the ready messages, in turn to every consumer with free prefetch, or to the single active consumer.
    ///
    /// Does not hold the queue in a local variable: removing a message would then copy all waiting messages.
    mutating func dispatch(_ name: String) {
        while let first = self.queues[name]?.ready.first {
            let taker = self.queues[name]?.taker { self.consumers[$0]?.wantsMore == true }
            if let expiry = first.expiry, expiry < self.now || expiry == self.now && taker == nil {
                _ = self.queues[name]?.takeFirst()
                self.deadLetter(first, .expired, from: name)
                continue
            }
            guard let taker, let tag = self.consumers[taker]?.handOut(first) else { return }
            _ = self.queues[name]?.takeFirst()
            self.queues[name]?.served(taker)
            self.events.append((taker, .delivered(tag, first)))
        }
    }
}
