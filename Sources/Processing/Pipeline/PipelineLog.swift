import Logging
import Manifests
import Messaging
import Topology

/// Puts what a pipeline notes into words. Confined to its loop.
final class PipelineLog {
    private let logger: Logger
    /// It has been said that a publisher counts milliseconds.
    private var hasToldOfMilliseconds = false

    init(logger: Logger) { self.logger = logger }

    func tell(_ note: PipelineNote, _ version: PipelineVersion) {
        switch note {
        case .acknowledgedAgain:
            break
        case .interrupted(let what, let error):
            // A lost connection concerns all consumers, and is told once.
            self.logger.log(
                level: what == .connection ? .debug : .notice,
                "deliveries stopped",
                metadata: ["lost": "\(what.rawValue)", "reason": "\(error)"]
            )
        case .decided(let settlement, let held):
            self.tell(settlement, held)
        case .refused(let delivery, let reason):
            self.logger.warning(
                "dead-lettered by the broker",
                metadata: ["event": "\(delivery.eventID(EventAttributes(delivery)))", "reason": "\(reason)"]
            )
        case .paused(let pause, let reason):
            self.logger.warning(
                "paused: events wait in the queue, and one is tried after the pause",
                metadata: ["reason": "\(reason)", "pause": "\(pause.words)"]
            )
        case .resumed:
            self.logger.notice("resumed: the \(version.manifest.kind.word) handles events again")
        case .takesFewer(let prefetch, let bytes):
            self.logger.notice(
                "takes fewer events ahead, because they are large",
                metadata: ["prefetch": "\(prefetch)", "held-bytes": "\(bytes)"]
            )
        case .silentlyDead(let reason):
            self.logger.error("the consumer is silently dead and is made anew", metadata: ["reason": "\(reason)"])
        case .endsWithoutAnswer(let settlements, let consumerHasEnded):
            self.logger.warning(
                "ending without an answer of the broker; what is not settled is delivered again",
                metadata: [
                    "queue": "\(version.topology.queue)", "settlements": "\(settlements)",
                    "consumer": consumerHasEnded ? "ended" : "not ended",
                ]
            )
        }
    }

    private func tell(_ settlement: Settlement, _ held: HeldDelivery) {
        func metadata(_ failure: Failure) -> Logger.Metadata {
            [
                "event": "\(held.delivery.eventID(EventAttributes(held.delivery)))",
                "attempt": "\(held.history.attempt)",
                "error": "\(failure.message.prefix(bytes: Failure.longestMessage))",
            ]
        }
        switch settlement {
        case .acknowledge:
            break
        case .retry(let delay, let history, let failure):
            let isLater = history.attempt == held.history.attempt
            self.logger.notice(
                isLater ? "event put off" : "event failed and is retried",
                metadata: metadata(failure).merging(["retry-in": "\(delay.words)"]) { $1 }
            )
        case .deadLetter(let reason, _, let failure):
            self.logger.warning(
                "event dead-lettered",
                metadata: metadata(failure).merging(["reason": "\(reason.rawValue)"]) { $1 }
            )
        }
    }

    /// Tells once of a publisher that does not keep to AMQP: its events are understood here, and not by everybody.
    func look(at attributes: EventAttributes, _ delivery: Delivery) {
        guard !self.hasToldOfMilliseconds, attributes.timestamp?.unit == .milliseconds else { return }
        self.hasToldOfMilliseconds = true
        self.logger.warning(
            "a publisher writes the timestamp property in milliseconds; it is read as such, but AMQP counts seconds",
            metadata: [
                "event": "\(delivery.eventID(attributes))",
                "publisher": "\(delivery.eventSource(attributes) ?? "unknown")",
            ]
        )
    }
}
