import EventLoops
import Logging
import Manifests
import Messaging
import Topology

/// Publishes what was scheduled when it is due: messages come out of their delay into the host's queue of due
/// messages and go from there to the exchange and routing key that they name. Any host of the namespace does it.
///
/// Drives `RelayState`, which decides. Confined to one loop.
final class ScheduledRelay {
    private let driver: Driver<RelayState>
    private let intake: any Intake
    private let settler: Settler
    private let queue: String
    private let loop: EventLoop
    private let logger: Logger
    private var drainCompletion: (() -> Void)?
    /// Called when the subscription is interrupted: the runtime makes sure that the queue exists.
    var interrupted: (() -> Void)?

    init(
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        clock: WallClock,
        loop: EventLoop,
        logger: Logger
    ) {
        self.driver = Driver(RelayState(copies: copies), clock: clock)
        self.intake = intake
        self.settler = settler
        self.queue = copies.names.scheduled
        self.loop = loop
        self.logger = logger
    }

    func start() { self.handle(.start) }

    func drain(_ completion: @escaping () -> Void) {
        self.drainCompletion = completion
        self.handle(.drain)
    }

    /// The broker answers nothing: what has not been published is delivered again.
    func abandon() { self.handle(.abandon) }

    private func handle(_ event: RelayState.Event) { self.driver.handle(event) { self.perform($0) } }

    private func perform(_ action: RelayState.Action) {
        switch action {
        case .subscribe: self.subscribe()
        case .unsubscribe(let id): self.intake.unsubscribe(id)
        case .acknowledge(let tag, let id): self.intake.acknowledge(tag, of: id)
        case .requeue(let tag, let id): self.intake.requeue(tag, of: id)
        case .reject(let tag, let id): self.intake.reject(tag, of: id)
        case .publish(let id, let replacement):
            self.settler.replace(with: [replacement], repairingWith: []) { [weak self] result in
                self?.handle(.settled(id, result))
            }
        case .arm(let timer, let time):
            self.loop.schedule(after: time) { [weak self] in self?.handle(.due(timer)) }
        case .declareQueue: self.interrupted?()
        case .note(let note): self.tell(note)
        case .drained:
            let completion = self.drainCompletion
            self.drainCompletion = nil
            completion?()
        }
    }

    private func subscribe() {
        let subscription = self.intake.subscribe(to: self.queue, prefetch: RelayState.prefetch) { [weak self] event in
            switch event {
            case .active: self?.handle(.active)
            case .deliveries(let deliveries): self?.handle(.delivered(deliveries))
            case .interrupted: self?.handle(.interrupted)
            case .ended: self?.handle(.ended)
            }
        }
        self.driver.answer(.subscribed(subscription))
    }

    private func tell(_ note: RelayState.Note) {
        switch note {
        case .putOff(let target):
            self.logger.warning(
                "the broker does not take what is due; it is put off by a minute each time",
                metadata: ["exchange": "\(target.exchange)", "key": "\(target.routingKey)"]
            )
        case .parked(let delivery, let reason):
            self.logger.warning(
                "a scheduled message cannot be published and is parked",
                metadata: [
                    "event": "\(delivery.eventID(EventAttributes(delivery)))", "reason": "\(reason)",
                ]
            )
        }
    }
}
