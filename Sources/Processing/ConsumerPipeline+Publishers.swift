import Logging
import Messaging

extension ConsumerPipeline {
    /// Tells once of a publisher that does not keep to AMQP: its events are understood here, and not by everybody.
    func notePublisher(_ attributes: EventAttributes, _ delivery: Delivery) {
        guard !self.hasToldOfMilliseconds, attributes.timestamp?.unit == .milliseconds else { return }
        self.hasToldOfMilliseconds = true
        let source = delivery.bytes.text(attributes.source)
        self.logger.warning(
            "a publisher writes the timestamp property in milliseconds; it is read as such, but AMQP counts seconds",
            metadata: [
                "event": "\(delivery.eventID(attributes))",
                "publisher": "\(source.flatMap { $0.isEmpty ? nil : $0 } ?? "unknown")",
            ]
        )
    }
}
