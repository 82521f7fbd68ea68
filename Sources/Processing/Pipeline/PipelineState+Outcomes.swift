import EventLoops
import Invoking
import Manifests
import Messaging

/// The way out: what becomes of an event when its invocation has ended.
extension PipelineState {
    /// Every outcome goes this way, and what is decided about it.
    mutating func end(
        _ id: InvocationID,
        _ held: HeldDelivery,
        _ outcome: Outcome,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        let settlement = decide(
            outcome,
            after: held.history,
            under: self.manifest.retry,
            now: now.milliseconds,
            random: self.random()
        )
        if held.isOrphaned { self.redelivery.ended(.running(id), held.delivery) }
        if self.isOrdered { self.remember(settlement, of: held, now) }
        switch settlement {
        case .acknowledge(let emitted):
            if emitted.isEmpty { return self.finish(held, now, &actions) }
            // Its work is done, so its events leave, whether it can still be acknowledged or not.
            self.settle(held, by: settlement, now, &actions)
        case .retry, .deadLetter:
            actions.append(.note(.decided(settlement, held)))
            // A copy beside a delivery that is taken back would make two of one event.
            guard !held.isOrphaned else { return }
            if self.isOrdered, case .retry(_, let history, _) = settlement, let head = self.orderedHead {
                self.wait(held.again(history), until: head.due, now, &actions)
            } else {
                self.settle(held, by: settlement, now, &actions)
            }
        }
    }

    /// Drawn only where it makes a difference.
    private mutating func random() -> Double {
        self.manifest.retry.backoff.jitter > 0 ? .random(in: 0..<1, using: &self.jitter) : 0
    }

    /// What this host must know of an ordered event when the broker delivers it again.
    private mutating func remember(_ settlement: Settlement, of held: HeldDelivery, _ now: Moment) {
        self.orderedHead = nil
        switch settlement {
        case .acknowledge:
            break
        case .retry(let delay, let history, _):
            self.remember(held, history, due: now.instant + delay)
        case .deadLetter where held.isOrphaned:
            // It comes again, and has had its attempts: the next one is its last again, not its first.
            self.remember(held, held.history, due: now.instant)
        case .deadLetter:
            break
        }
    }

    private mutating func remember(_ held: HeldDelivery, _ history: AttemptHistory, due: SteadyInstant) {
        self.orderedHead = OrderedHead(
            key: Policy.key(of: held.delivery),
            history: history,
            expiresAt: held.expiresAt,
            due: due
        )
    }

    /// Dead-letters what is past its end.
    mutating func expire(_ held: HeldDelivery, _ now: Moment, _ actions: inout [PipelineAction]) {
        var history = held.history
        history.firstFailedAt = history.firstFailedAt ?? now.milliseconds
        let settlement = Settlement.deadLetter(.expired, history, Expiry.failure)
        actions.append(.note(.decided(settlement, held)))
        self.settle(held, by: settlement, now, &actions)
    }

    private mutating func settle(
        _ held: HeldDelivery,
        by settlement: Settlement,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        let id = self.deliveries.settle(held, at: now.instant)
        if held.isOrphaned { self.redelivery.orphaned(.settling(id), held.delivery) }
        actions.append(.replace(held, id, by: settlement))
    }

    /// What takes the place of a delivery is confirmed, or cannot be had.
    mutating func finishReplacing(
        _ id: SettlementID,
        _ result: SettlementResult,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        guard let held = self.deliveries.settled(id) else { return }
        if held.isOrphaned { self.redelivery.ended(.settling(id), held.delivery) }
        if self.health.settlesLate { self.lookAtSettlements(now) }
        switch result {
        case .settled:
            self.finish(held, now, &actions)
        case .tooLarge where held.isOrphaned, .refused where held.isOrphaned, .abandoned where held.isOrphaned:
            break
        case .tooLarge:
            self.reject(held.delivery, held.subscription, because: "its headers leave no room for a copy's", &actions)
        case .refused(let error):
            let reason = "the broker refuses what is to follow it: \(error)"
            self.reject(held.delivery, held.subscription, because: reason, &actions)
        case .abandoned:
            actions.append(.requeue(held.delivery.tag, held.subscription))
        }
    }

    /// The one way out of every event whose work is done: acknowledges it, or, when its tag is void, remembers that it
    /// is done.
    private mutating func finish(_ held: HeldDelivery, _ now: Moment, _ actions: inout [PipelineAction]) {
        if held.isOrphaned {
            self.redelivery.settled(held.delivery, at: now.instant)
        } else {
            self.acknowledge(held.delivery, of: held.subscription, now, &actions)
        }
    }

    mutating func acknowledge(
        _ delivery: Delivery,
        of id: SubscriptionID,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        actions.append(.acknowledge(delivery.tag, id))
        self.redelivery.acknowledged(delivery, at: now.instant)
    }

    /// Has the broker dead-letter a delivery of which the host cannot make a copy.
    mutating func reject(
        _ delivery: Delivery,
        _ id: SubscriptionID,
        because reason: String,
        _ actions: inout [PipelineAction]
    ) {
        actions.append(.reject(delivery.tag, id))
        actions.append(.note(.refused(delivery, reason: reason)))
    }
}
