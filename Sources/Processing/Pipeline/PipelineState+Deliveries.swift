import DequeModule
import EventLoops
import Invoking
import Manifests
import Messaging
import Topology

/// Deliveries: what comes, what is recognised, what may begin.
extension PipelineState {
    /// - Parameter budget: how many bytes of events may be held; nil when it is not the time to look.
    mutating func take(
        _ deliveries: [Delivery],
        of id: SubscriptionID,
        _ budget: Int?,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        switch self.subscriptions.standing(of: id) {
        case .present:
            self.health.watch.progressed()
            self.deliveries.waiting.reserveCapacity(self.deliveries.waiting.count + deliveries.count)
            for delivery in deliveries {
                if let size = delivery.omittedBodySize {
                    let reason = "its body of \(size) bytes is over the limit of \(BodyLimit.bytes)"
                    self.reject(delivery, id, because: reason, &actions)
                } else if !self.recognize(delivery, of: id, now, &actions) {
                    self.deliveries.waiting.append(delivery)
                }
            }
            if let budget { self.boundBytes(budget, now, &actions) }
        case .leaving:
            for delivery in deliveries
            where delivery.omittedBodySize != nil || !self.recognize(delivery, of: id, now, &actions) {
                actions.append(.requeue(delivery.tag, id))
            }
        case .over:
            break
        }
    }

    /// Takes care of a delivery that comes again and needs no other run.
    ///
    /// - Returns: whether it was one.
    private mutating func recognize(
        _ delivery: Delivery,
        of id: SubscriptionID,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) -> Bool {
        guard !self.redelivery.isEmpty else { return false }
        switch self.redelivery.recognize(delivery, at: now.instant) {
        case nil:
            return false
        case .settled?:
            actions.append(.note(.acknowledgedAgain))
            self.acknowledge(delivery, of: id, now, &actions)
            return true
        case .orphan(let orphan)?:
            return self.deliveries.adopt(delivery, from: id, for: orphan)
        }
    }

    mutating func becameActive(_ id: SubscriptionID, _ now: Moment) {
        guard self.subscriptions.setActive(true, id) else { return }
        self.health.deliveriesBegan()
        self.redelivery.delivering(since: now.instant)
    }

    mutating func wasInterrupted(
        _ id: SubscriptionID,
        _ what: Interruption,
        _ error: BrokerError,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        let isCurrent = self.subscriptions.setActive(false, id)
        if isCurrent {
            self.deliveries.waiting.removeAll()
            self.health.deliveriesStopped(what, error)
        }
        self.voidTags(of: id)
        self.redelivery.interrupted(isCurrent: isCurrent, at: now.instant)
        actions.append(.note(.interrupted(what, error)))
        actions.append(.report(.interrupted(what)))
    }

    // MARK: - What may begin

    /// Begins events as long as there is room: first those that an invoker gave back, then duplicates whose turn has
    /// come, then what waits.
    mutating func beginWhatFits(_ now: Moment, _ actions: inout [PipelineAction]) {
        guard self.mayTake else { return }
        if let head = self.deliveries.waitingHead, !self.turn(head, now, &actions) { return }
        while self.hasRoom, let held = self.deliveries.notRun.popFirst() { self.begin(held, now, &actions) }
        while self.hasRoom, let held = self.deliveries.nextDuplicate() { self.begin(held, now, &actions) }
        if let id = self.subscriptions.present?.id {
            while self.hasRoom, let delivery = self.deliveries.waiting.popFirst() {
                self.beginWaiting(delivery, of: id, now, &actions)
            }
        }
        if self.deliveries.notRun.isEmpty, self.deliveries.waiting.isEmpty { self.hold.ranDry() }
    }

    /// Whether another event may begin. A probe may begin although events from before the pause still run.
    private var hasRoom: Bool {
        guard self.deliveries.waitingHead == nil, self.deliveries.running.hasRoom,
            self.deliveries.running.count < self.bound.prefetch ?? .max
        else { return false }
        return self.health.breaker.state != .probing || self.health.probe == nil
    }

    /// A waiting delivery whose turn has come: only now is it looked at more closely.
    private mutating func beginWaiting(
        _ delivery: Delivery,
        of id: SubscriptionID,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        guard self.isOrdered else { return self.begin(self.read(delivery, of: id, now), now, &actions) }
        guard let head = self.orderedHead, delivery.isRedelivered, head.key == Policy.key(of: delivery) else {
            self.orderedHead = nil
            return self.begin(self.read(delivery, of: id, now), now, &actions)
        }
        let held = self.read(delivery, of: id, continuing: head, now)
        if head.due > now.instant {
            self.wait(held, until: head.due, now, &actions)
        } else {
            self.begin(held, now, &actions)
        }
    }

    /// What is known of a delivery. A retry comes back as an ordinary delivery from a delay exchange: its attempt and
    /// its origin are in its headers.
    ///
    /// - Parameter head: what this host knows of it as the head of an ordered queue.
    private func read(
        _ delivery: Delivery,
        of id: SubscriptionID,
        continuing head: OrderedHead? = nil,
        _ now: Moment
    ) -> HeldDelivery {
        var history = head?.history ?? AttemptHistory()
        var origin: Origin?
        let hasComeFromDelay = self.names.isDelay(exchange: delivery.exchange)
        let layout = delivery.layout
        if hasComeFromDelay {
            let headers = delivery.headers(layout)
            if head == nil { history = AttemptHistory(headers) }
            origin = Origin(headers)
        }
        return HeldDelivery(
            delivery: delivery,
            subscription: id,
            history: history,
            origin: origin ?? Origin(exchange: delivery.exchange, routingKey: delivery.routingKey),
            expiresAt: head?.expiresAt
                ?? Expiry.end(of: delivery, layout, isCopy: hasComeFromDelay, now: now.milliseconds),
            identity: EventIdentity(delivery, layout)
        )
    }

    private mutating func begin(_ held: HeldDelivery, _ now: Moment, _ actions: inout [PipelineAction]) {
        if let expiresAt = held.expiresAt, expiresAt <= now.milliseconds {
            self.orderedHead = nil
            return self.expire(held, now, &actions)
        }
        guard !self.deliveries.running.runs(held.identity) else { return self.deliveries.duplicates.append(held) }
        let id = self.deliveries.running.add(held)
        if self.health.breaker.state == .probing { self.health.probe = id }
        let slot = self.slots.current.id
        self.slots.change(slot) { $0.running += 1 }
        actions.append(.run(id, slot))
    }

    // MARK: - The head of an ordered queue

    /// Keeps the event at the head of its queue, unsettled, until its next attempt is due.
    mutating func wait(
        _ held: HeldDelivery,
        until due: SteadyInstant,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        let head = WaitingHead(delivery: held, due: due, since: now.instant)
        self.deliveries.waitingHead = head
        if case .wait(let time) = head.turn(at: now.instant) {
            actions.append(.arm(.head, time))
        } else {
            actions.append(.arm(.head, .zero))
        }
    }

    /// - Returns: whether others may begin.
    private mutating func turn(_ head: WaitingHead, _ now: Moment, _ actions: inout [PipelineAction]) -> Bool {
        switch head.turn(at: now.instant) {
        case .wait:
            return false
        case .requeue:
            self.deliveries.waitingHead = nil
            actions.append(.requeue(head.delivery.delivery.tag, head.delivery.subscription))
            return true
        case .run:
            self.deliveries.waitingHead = nil
            self.begin(head.delivery, now, &actions)
            return true
        }
    }
}
