import Messaging
import Topology

/// What a relay of scheduled messages does, as a value: see `ScheduledRelay`, which drives it.
struct RelayState: StateMachine {
    enum Event {
        case start
        case subscribed(SubscriptionID)
        case active
        case delivered([Delivery])
        /// Every tag is void: what is being published, or was acknowledged last, may be delivered again.
        case interrupted
        case ended
        case settled(SettlementID, SettlementResult)
        case due(Timer)
        case drain
        /// The broker answers nothing: what has not been published is delivered again.
        case abandon
    }

    enum Action {
        case subscribe
        case unsubscribe(SubscriptionID)
        case acknowledge(DeliveryTag, SubscriptionID)
        case requeue(DeliveryTag, SubscriptionID)
        case reject(DeliveryTag, SubscriptionID)
        case publish(SettlementID, Settler.Replacement)
        case arm(Timer, Duration)
        /// The broker that answers next may be one without the queue.
        case declareQueue
        case note(Note)
        case drained
    }

    enum Timer {
        /// A look at what waits for its target.
        case look
        /// It may be told again that something is put off.
        case tell
    }

    enum Note {
        case putOff(DueTargets.Target)
        case parked(Delivery, reason: String)
    }

    /// What is being published.
    private struct Settling {
        var delivery: Delivery
        var isOrphaned = false
        /// Its number among the targets; nil when it is only put off.
        let target: Int?
    }

    /// Few, because each may be as large as an event can be. More than `DueTargets` lets go out.
    static let prefetch: UInt16 = 32
    /// What goes where nothing is taken comes again after so long.
    private static let putOffTime = Duration.seconds(60)
    private static let interval = Duration.seconds(1)

    private let copies: CopyBuilder
    private var subscription: SubscriptionID?
    private var redelivery = RedeliveryTracker<StandardPolicy>(prefetch: Int(RelayState.prefetch))
    private var settling: [SettlementID: Settling] = [:]
    private var settlements: UInt64 = 0
    private var targets = DueTargets()
    /// Until their target has answered, or is late.
    private var waiting: [Delivery] = []
    private var isLooking = false
    private var hasToldOfPuttingOff = false
    private var phase = Phase.idle

    private enum Phase {
        case idle
        case relaying
        /// Intake is stopped: nothing more begins.
        case draining(hasEnded: Bool)
        case drained
    }

    init(copies: CopyBuilder) { self.copies = copies }

    mutating func handle(_ event: Event, at now: Moment, _ actions: inout [Action]) {
        switch event {
        case .start:
            guard case .idle = self.phase else { return }
            self.phase = .relaying
            actions.append(.subscribe)
        case .subscribed(let id):
            self.subscription = id
        case .active:
            self.redelivery.delivering(since: now.instant)
        case .delivered(let deliveries):
            for delivery in deliveries { self.take(delivery, now, &actions) }
        case .interrupted:
            self.wasInterrupted(now, &actions)
        case .ended:
            if case .draining = self.phase { self.phase = .draining(hasEnded: true) }
        case .settled(let id, let result):
            self.finish(id, result, now, &actions)
        case .due(.look):
            self.isLooking = false
            self.takeWaiting(now, &actions)
        case .due(.tell):
            self.hasToldOfPuttingOff = false
        case .drain:
            self.drain(now, &actions)
        case .abandon:
            guard case .draining = self.phase else { return }
            self.phase = .draining(hasEnded: true)
            self.settling.removeAll()
            self.waiting.removeAll()
        }
        if case .draining(hasEnded: true) = self.phase, self.settling.isEmpty {
            self.phase = .drained
            actions.append(.drained)
        }
    }

    private mutating func wasInterrupted(_ now: Moment, _ actions: inout [Action]) {
        self.waiting.removeAll()
        for (id, settling) in self.settling where !settling.isOrphaned {
            self.settling[id]?.isOrphaned = true
            self.redelivery.orphaned(.settling(id), settling.delivery)
        }
        self.redelivery.interrupted(isCurrent: true, at: now.instant)
        actions.append(.declareQueue)
    }

    // MARK: - What is due

    private mutating func take(_ delivery: Delivery, _ now: Moment, _ actions: inout [Action]) {
        guard delivery.omittedBodySize == nil else { return self.park(delivery, because: "it is too large", &actions) }
        switch self.redelivery.recognize(delivery, at: now.instant) {
        case .settled?:
            self.acknowledge(delivery, now, &actions)
        case .orphan(.settling(let id))? where self.settling[id] != nil:
            self.settling[id]?.delivery = delivery
            self.settling[id]?.isOrphaned = false
        case .orphan?, nil:
            self.relay(delivery, now, &actions)
        }
    }

    private mutating func relay(_ delivery: Delivery, _ now: Moment, _ actions: inout [Action]) {
        guard let subscription = self.subscription else { return }
        guard case .relaying = self.phase else { return actions.append(.requeue(delivery.tag, subscription)) }
        guard let message = self.copies.due(delivery, now: now.milliseconds) else {
            return self.park(delivery, because: "it does not say where it is to go", &actions)
        }
        let target = DueTargets.Target(exchange: message.exchange, routingKey: message.routingKey)
        switch self.targets.take(target, at: now.instant) {
        case .publish(let number):
            // An exchange that is gone by now must not hold up what is due after it.
            let replacement = Settler.Replacement(message: message, whenUnroutable: .park, whenRefused: .park)
            self.publish(replacement, for: delivery, target: number, &actions)
        case .wait:
            self.waiting.append(delivery)
            self.lookLater(&actions)
        case .putOff:
            let (later, level) = self.copies.putOff(message, of: delivery, for: Self.putOffTime, now: now.milliseconds)
            self.tellOfPuttingOff(target, &actions)
            self.publish(Settler.Replacement(message: later, level: level), for: delivery, target: nil, &actions)
        }
    }

    private mutating func publish(
        _ replacement: Settler.Replacement,
        for delivery: Delivery,
        target: Int?,
        _ actions: inout [Action]
    ) {
        self.settlements += 1
        let id = SettlementID(number: self.settlements)
        self.settling[id] = Settling(delivery: delivery, target: target)
        actions.append(.publish(id, replacement))
    }

    /// Whatever still has to wait, waits on in the same order.
    private mutating func takeWaiting(_ now: Moment, _ actions: inout [Action]) {
        let waiting = self.waiting
        self.waiting.removeAll()
        for delivery in waiting { self.relay(delivery, now, &actions) }
    }

    private mutating func lookLater(_ actions: inout [Action]) {
        guard !self.isLooking else { return }
        self.isLooking = true
        actions.append(.arm(.look, Self.interval))
    }

    private mutating func tellOfPuttingOff(_ target: DueTargets.Target, _ actions: inout [Action]) {
        guard !self.hasToldOfPuttingOff else { return }
        self.hasToldOfPuttingOff = true
        actions.append(.arm(.tell, Self.putOffTime))
        actions.append(.note(.putOff(target)))
    }

    // MARK: - What has been published

    private mutating func finish(
        _ id: SettlementID,
        _ result: SettlementResult,
        _ now: Moment,
        _ actions: inout [Action]
    ) {
        guard let settling = self.settling.removeValue(forKey: id) else { return }
        let delivery = settling.delivery
        if settling.isOrphaned { self.redelivery.ended(.settling(id), delivery) }
        switch result {
        case .settled where settling.isOrphaned:
            self.redelivery.settled(delivery, at: now.instant)
        case .tooLarge where settling.isOrphaned, .refused where settling.isOrphaned,
            .abandoned where settling.isOrphaned:
            break
        case .settled:
            self.acknowledge(delivery, now, &actions)
        case .tooLarge:
            self.park(delivery, because: "its headers leave no room", &actions)
        case .refused(let error):
            self.park(delivery, because: "the broker refuses it: \(error)", &actions)
        case .abandoned:
            if let subscription = self.subscription { actions.append(.requeue(delivery.tag, subscription)) }
        }
        guard let target = settling.target else { return }
        self.targets.end(target)
        self.takeWaiting(now, &actions)
    }

    private mutating func acknowledge(_ delivery: Delivery, _ now: Moment, _ actions: inout [Action]) {
        guard let subscription = self.subscription else { return }
        actions.append(.acknowledge(delivery.tag, subscription))
        self.redelivery.acknowledged(delivery, at: now.instant)
    }

    /// Has the broker itself move a message of which the host cannot make a copy.
    private func park(_ delivery: Delivery, because reason: String, _ actions: inout [Action]) {
        guard let subscription = self.subscription else { return }
        actions.append(.reject(delivery.tag, subscription))
        actions.append(.note(.parked(delivery, reason: reason)))
    }

    // MARK: - Going down

    private mutating func drain(_ now: Moment, _ actions: inout [Action]) {
        switch self.phase {
        case .idle:
            self.phase = .draining(hasEnded: true)
        case .relaying:
            self.phase = .draining(hasEnded: false)
            // Before what waits goes back, or the broker would deliver it here again.
            if let subscription = self.subscription { actions.append(.unsubscribe(subscription)) }
            self.takeWaiting(now, &actions)
        case .draining, .drained:
            break
        }
    }
}
