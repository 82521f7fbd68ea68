import Logging
import Messaging
import Polling
import Topology

/// Publishes what was scheduled when it is due: messages come out of their delay into the host's queue of due
/// messages and go from there to the exchange and routing key that they name. Any host of the namespace does it.
final class ScheduledRelay {
    /// Few, because each may be as large as an event can be. More than `DueTargets` lets go out.
    private static let prefetch: UInt16 = 32
    /// What goes where nothing is taken comes again after so long.
    private static let putOffTime = Duration.seconds(60)
    private static let interval = Duration.seconds(1)

    private let intake: any Intake
    private let settler: Settler
    private let copies: CopyBuilder
    private let clock: WallClock
    private let loop: EventLoop
    private let logger: Logger
    private var life: SubscriptionLife?
    private var recognition = Recognition()
    private var recentAcks = RecentAcks(capacity: Int(ScheduledRelay.prefetch))
    /// What is being published.
    private var receipts: [ObjectIdentifier: Receipt] = [:]
    private var targets = DueTargets()
    /// Until their target has answered, or is late. All of the present life.
    private var waiting: [Delivery] = []
    private var isLooking = false
    private var hasToldOfPuttingOff = false
    private var isEnded = true
    private var drainCompletion: (() -> Void)?

    init(
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        clock: WallClock,
        loop: EventLoop,
        logger: Logger
    ) {
        self.loop = loop
        self.intake = intake
        self.settler = settler
        self.copies = copies
        self.clock = clock
        self.logger = logger
    }

    func start() {
        guard self.life == nil else { return }
        self.isEnded = false
        let subscription = self.intake.subscribe(to: self.copies.names.scheduled, prefetch: Self.prefetch) {
            [weak self] event in
            self?.handle(event)
        }
        self.life = SubscriptionLife(subscription)
    }

    /// Called when the subscription is interrupted: the runtime makes sure that the queue exists.
    var interrupted: (() -> Void)?

    private func handle(_ event: SubscriptionEvent) {
        switch event {
        case .active: self.recognition.delivering(since: .now)
        case .interrupted:
            self.beginAnotherLife()
            self.interrupted?()
        case .ended:
            self.isEnded = true
            self.finishDrainIfIdle()
        case .deliveries(let deliveries):
            guard let life = self.life else { return }
            for delivery in deliveries { self.take(delivery, in: life) }
        }
    }

    /// Every tag is void: what is being published, or was acknowledged last, may be delivered again.
    private func beginAnotherLife() {
        guard let life = self.life else { return }
        life.end()
        self.life = SubscriptionLife(life.subscription)
        self.waiting.removeAll()
        let now = ContinuousClock.now
        self.recognition.interrupted(now: now)
        for receipt in self.receipts.values { self.recognition.orphaned(receipt) }
        for delivery in self.recentAcks.takeAll(at: now) { self.recognition.settled(delivery, now: now) }
    }

    private func take(_ delivery: Delivery, in life: SubscriptionLife) {
        guard delivery.omittedBodySize == nil else { return self.park(delivery, in: life, because: "it is too large") }
        let now = ContinuousClock.now
        switch self.recognition.recognize(delivery, now: now) {
        case .settling(let receipt)?: receipt.replace(delivery, life)
        case .settled?:
            self.intake.acknowledge(delivery.tag, of: life.subscription)
            self.recentAcks.add(delivery, at: now)
        case .running?, nil: self.relay(delivery, in: life)
        }
    }

    private func relay(_ delivery: Delivery, in life: SubscriptionLife) {
        guard self.drainCompletion == nil else { return self.intake.giveBack(delivery.tag, of: life.subscription) }
        let now = self.clock.milliseconds
        guard let message = self.copies.due(delivery, now: now) else {
            return self.park(delivery, in: life, because: "it does not say where it is to go")
        }
        let target = DueTargets.Target(exchange: message.exchange, routingKey: message.routingKey)
        switch self.targets.take(target, at: .now) {
        case .publish(let number):
            // An exchange that is gone by now must not hold up what is due after it.
            let replacement = Settler.Replacement(message: message, whenUnroutable: .park, whenRefused: .park)
            self.settle(delivery, in: life, with: replacement) { [weak self] in self?.ended(number) }
        case .wait:
            self.waiting.append(delivery)
            self.lookLater()
        case .putOff:
            let (later, level) = self.copies.putOff(message, of: delivery, for: Self.putOffTime, now: now)
            self.tellOfPuttingOff(target)
            self.settle(delivery, in: life, with: Settler.Replacement(message: later, level: level)) {}
        }
    }

    private func settle(
        _ delivery: Delivery,
        in life: SubscriptionLife,
        with replacement: Settler.Replacement,
        _ completion: @escaping () -> Void
    ) {
        let receipt = Receipt(delivery, life)
        self.receipts[ObjectIdentifier(receipt)] = receipt
        self.settler.replace(with: [replacement], repairingWith: []) { [weak self] result in
            guard let self else { return }
            self.receipts[ObjectIdentifier(receipt)] = nil
            self.finish(receipt, result)
            completion()
            self.finishDrainIfIdle()
        }
    }

    // MARK: - What waits for its target

    private func ended(_ number: Int) {
        self.targets.end(number)
        self.takeWaiting()
    }

    /// Whatever still has to wait, waits on in the same order.
    private func takeWaiting() {
        guard let life = self.life, !self.waiting.isEmpty else { return }
        let waiting = self.waiting
        self.waiting.removeAll()
        for delivery in waiting { self.relay(delivery, in: life) }
    }

    private func lookLater() {
        guard !self.isLooking else { return }
        self.isLooking = true
        self.loop.schedule(after: Self.interval) { [weak self] in
            guard let self else { return }
            self.isLooking = false
            self.takeWaiting()
        }
    }

    private func tellOfPuttingOff(_ target: DueTargets.Target) {
        guard !self.hasToldOfPuttingOff else { return }
        self.hasToldOfPuttingOff = true
        self.loop.schedule(after: Self.putOffTime) { [weak self] in self?.hasToldOfPuttingOff = false }
        self.logger.warning(
            "the broker does not take what is due; it is put off by a minute each time",
            metadata: ["exchange": "\(target.exchange)", "key": "\(target.routingKey)"]
        )
    }

    private func finish(_ receipt: Receipt, _ result: Settler.Result) {
        let (delivery, life) = (receipt.delivery, receipt.life)
        self.recognition.ended(receipt)
        switch result {
        case .settled where life.isOver:
            self.recognition.settled(delivery, now: .now)
        case .settled:
            self.intake.acknowledge(delivery.tag, of: life.subscription)
            self.recentAcks.add(delivery, at: .now)
        case .tooLarge where life.isOver, .refused where life.isOver, .abandoned where life.isOver:
            break
        case .tooLarge: self.park(delivery, in: life, because: "its headers leave no room")
        case .refused(let error): self.park(delivery, in: life, because: "the broker refuses it: \(error)")
        case .abandoned: self.intake.giveBack(delivery.tag, of: life.subscription)
        }
    }

    /// Has the broker itself move a message of which the host cannot make a copy.
    private func park(_ delivery: Delivery, in life: SubscriptionLife, because reason: String) {
        self.intake.refuse(delivery.tag, of: life.subscription)
        self.logger.warning(
            "a scheduled message cannot be published and is parked",
            metadata: ["event": "\(delivery.eventID(EventAttributes(delivery)))", "reason": "\(reason)"]
        )
    }

    func drain(_ completion: @escaping () -> Void) {
        self.drainCompletion = completion
        // Draining, it gives back what it is asked to relay.
        self.takeWaiting()
        if let life = self.life, !self.isEnded { self.intake.unsubscribe(life.subscription) }
        self.finishDrainIfIdle()
    }

    /// The broker answers nothing: what has not been published is delivered again.
    func abandon() {
        self.isEnded = true
        self.receipts.removeAll()
        self.waiting.removeAll()
        self.targets.removeAll()
        self.finishDrainIfIdle()
    }

    private func finishDrainIfIdle() {
        guard self.isEnded, self.receipts.isEmpty, let completion = self.drainCompletion else { return }
        self.drainCompletion = nil
        completion()
    }
}
