public import FoundationEssentials
package import Messaging

/// The result of one run of a function in a test.
public struct RunResult: Sendable {
    /// How the run ended, with the text that the dead letter or the log would show.
    public enum Outcome: Sendable, Equatable {
        /// The function returned.
        case done
        /// The function was not run, because the event is not for it.
        case skipped
        /// The function threw an error: the runtime would retry according to the manifest's policy.
        case failed(type: String, message: String)
        /// The function threw `Rejected`: the event becomes a dead letter at once.
        case rejected(String)
        /// The event cannot be decoded to the payload type: it becomes a dead letter at once.
        case undecodable(String)
        /// The function threw `RetryLater`: the event runs again after the delay, without using up an attempt.
        case later(after: Duration, reason: String)
        /// The function threw after its deadline.
        case timedOut(String)
    }

    public let outcome: Outcome
    /// The emitted events; empty unless the outcome is done.
    public let emitted: [RecordedEvent]

    /// Whether the function returned.
    public var isDone: Bool { self.outcome == .done }

    package init(_ outcome: Messaging.Outcome) {
        switch outcome {
        case .done(let events):
            self.outcome = .done
            self.emitted = events.map(RecordedEvent.init)
            return
        case .skipped: self.outcome = .skipped
        case .failed(let failure), .crashed(let failure):
            self.outcome = .failed(type: failure.type, message: failure.message)
        case .rejected(let failure): self.outcome = .rejected(failure.message)
        case .undecodable(let failure): self.outcome = .undecodable(failure.message)
        case .later(let delay, let failure): self.outcome = .later(after: delay, reason: failure.message)
        case .timedOut(let failure): self.outcome = .timedOut(failure.message)
        }
        self.emitted = []
    }
}

/// An event that a function emitted or that was published, as a test sees it.
public struct RecordedEvent: Sendable {
    /// The routing key.
    public let key: String
    public let type: String
    public let contentType: String
    /// The payload's bytes.
    public let payload: [UInt8]
    /// The delay in the broker before the event is published.
    public let delay: Duration
    /// The event's id; `nil` for an event that is not published yet, because the runtime assigns ids when it publishes.
    public let id: String?
    public let correlationID: String?
    public let causationID: String?

    /// Decodes the payload as a function would get it.
    ///
    /// - Throws: `DecodingError` if the payload does not match the type.
    public func decode<Payload: Decodable>(
        _ type: Payload.Type = Payload.self,
        using decoder: JSONDecoder? = nil
    ) throws -> Payload {
        try (decoder ?? DefaultCoding.decoder).decode(type, from: Data(self.payload))
    }

    init(_ event: EmittedEvent) {
        self.key = event.key
        self.type = event.type
        self.contentType = event.contentType
        self.payload = [UInt8](event.payload)
        self.delay = event.delay
        self.id = nil
        self.correlationID = event.correlationID
        self.causationID = event.causationID
    }

    init(_ message: OutgoingMessage) {
        self.key = message.routingKey
        self.type = message.properties.type ?? message.routingKey
        self.contentType = message.properties.contentType ?? "application/json"
        self.payload = [UInt8](message.body)
        self.delay = .zero
        self.id = message.properties.messageID
        self.correlationID = message.properties.correlationID
        if case .string(let id)? = message.headers["cloudEvents_causationid"] {
            self.causationID = id
        } else {
            self.causationID = nil
        }
    }
}
