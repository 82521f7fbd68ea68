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
        let replacement: Settler.Replacement
        if delivery.omittedBodySize == nil, let message = self.copies.due(delivery) {
            replacement = Settler.Replacement(message: message, whenUnroutable: .park, level: nil)
        } else {
            self.logger.warning(
                "a scheduled message does not say where it is to go, or is too large; it is given up",
                metadata: ["event": "\(delivery.eventID(EventAttributes(delivery)))"]
            )
            // The scheduled queue has no dead-letter exchange: parking keeps the message.
            let message = OutgoingMessage(
                exchange: delivery.exchange,
                routingKey: delivery.routingKey,
                properties: delivery.layout.properties(in: delivery.bytes),
                headers: delivery.headers,
                body: delivery.body
            )
            replacement = Settler.Replacement(
                message: self.copies.parked(message),
                whenUnroutable: .repair,
                level: nil
            )
        }
        self.settling += 1
        self.settler.replace(with: [replacement], repairingWith: []) { [weak self] result in
            guard let self else { return }
            self.settling -= 1
            switch result {
            case .settled: self.intake.acknowledge(delivery.tag, of: subscription)
            case .tooLarge: self.intake.refuse(delivery.tag, of: subscription)
            case .abandoned: self.intake.giveBack(delivery.tag, of: subscription)
            }
            self.finishDrainIfIdle()
        }
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
