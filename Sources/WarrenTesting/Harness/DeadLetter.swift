import Messaging
import Processing

/// An event in a dead-letter queue, as a test sees it.
public struct DeadLetter: Sendable {
    public let event: RecordedEvent
    /// The value of `warren-dead-reason`: `exhausted`, `rejected`, `undecodable`, `timed-out`, `crashed` or `expired`.
    /// Empty if the broker made the dead letter.
    public let reason: String
    /// The error's message.
    public let error: String
    /// The number of the last attempt.
    public let attempt: Int

    init(_ message: InMemoryMessage) {
        func text(_ name: String) -> String {
            if case .string(let text)? = message.headers[name] { text } else { "" }
        }
        self.event = RecordedEvent(
            OutgoingMessage(
                exchange: text(RuntimeHeaders.originalExchange),
                routingKey: text(RuntimeHeaders.originalRoutingKey),
                properties: message.properties,
                headers: message.headers,
                body: message.body
            )
        )
        self.reason = text(RuntimeHeaders.deadReason)
        self.error = text(RuntimeHeaders.error)
        if case .integer(let attempt)? = message.headers[RuntimeHeaders.attempt] {
            self.attempt = Int(clamping: attempt)
        } else {
            self.attempt = 1
        }
    }
}
