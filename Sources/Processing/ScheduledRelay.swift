import Logging
import Messaging
import Topology

/// Publishes what was scheduled when it is due: messages come out of their delay into the host's queue of due
/// messages and go from there to the exchange and routing key that they name. Any host of the namespace does it.
final class ScheduledRelay {
    private static let prefetch: UInt16 = 256

    private let intake: any Intake
    private let settler: Settler
    private let copies: CopyBuilder
    private let logger: Logger
    private var subscription: SubscriptionID?
    private var isEnded = true
    private var settling = 0
    private var drainCompletion: (() -> Void)?

    init(intake: any Intake, settler: Settler, copies: CopyBuilder, logger: Logger) {
        self.intake = intake
        self.settler = settler
        self.copies = copies
        self.logger = logger
    }

    func start() {
        guard self.subscription == nil else { return }
        self.isEnded = false
        self.subscription = self.intake.subscribe(to: self.copies.names.scheduled, prefetch: Self.prefetch) {
            [weak self] event in
            self?.handle(event)
        }
    }

    /// Called when the subscription is interrupted: the runtime makes sure that the queue exists.
    var interrupted: (() -> Void)?

    private func handle(_ event: SubscriptionEvent) {
        switch event {
        case .active: break
        case .interrupted: self.interrupted?()
        case .ended:
            self.isEnded = true
            self.finishDrainIfIdle()
        case .deliveries(let deliveries):
            for delivery in deliveries { self.relay(delivery) }
        }
    }

    private func relay(_ delivery: Delivery) {
        guard let subscription = self.subscription else { return }
        guard self.drainCompletion == nil else { return self.intake.giveBack(delivery.tag, of: subscription) }
        guard delivery.omittedBodySize == nil, let message = self.copies.due(delivery) else {
            return self.park(delivery, because: "it is too large or does not say where it is to go")
        }
        self.settling += 1
        // An exchange that is gone by now must not hold up what is due after it.
        let replacement = Settler.Replacement(message: message, whenUnroutable: .park, whenRefused: .park)
        self.settler.replace(with: [replacement], repairingWith: []) { [weak self] result in
            guard let self else { return }
            self.settling -= 1
            switch result {
            case .settled: self.intake.acknowledge(delivery.tag, of: subscription)
            case .tooLarge: self.park(delivery, because: "its headers leave no room")
            case .abandoned: self.intake.giveBack(delivery.tag, of: subscription)
            }
            self.finishDrainIfIdle()
        }
    }

    /// Has the broker itself move a message of which the host cannot make a copy.
    private func park(_ delivery: Delivery, because reason: String) {
        guard let subscription = self.subscription else { return }
        self.intake.refuse(delivery.tag, of: subscription)
        self.logger.warning(
            "a scheduled message cannot be published and is parked",
            metadata: ["event": "\(delivery.eventID(EventAttributes(delivery)))", "reason": "\(reason)"]
        )
    }

    func drain(_ completion: @escaping () -> Void) {
        self.drainCompletion = completion
        if let subscription = self.subscription, !self.isEnded { self.intake.unsubscribe(subscription) }
        self.finishDrainIfIdle()
    }

    private func finishDrainIfIdle() {
        guard self.isEnded, self.settling == 0, let completion = self.drainCompletion else { return }
        self.drainCompletion = nil
        completion()
    }
}
