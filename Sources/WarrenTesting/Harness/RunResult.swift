public import FoundationEssentials
package import Messaging

/// How one run of a function ended, in a test.
public struct RunResult: Sendable {
    /// How it ended, with what the dead letter or the log would say.
    public enum Outcome: Sendable, Equatable {
        /// The function returned.
        case done
        /// It was not run, because the event is not for it.
        case skipped
        /// It threw: the runtime would try again by the manifest's policy.
        case failed(type: String, message: String)
        /// It threw `Rejected`: a dead letter at once.
        case rejected(String)
        /// The event is not what the payload type expects: a dead letter at once.
        case undecodable(String)
        /// It threw `RetryLater`: run again then, without burning an attempt.
        case later(after: Duration, reason: String)
        /// It did not end before its deadline.
        case timedOut(String)
    }

    public let outcome: Outcome
    /// What it emitted; nothing unless it is done.
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
    /// How long it waits in the broker first.
    public let delay: Duration
    /// The id; nil for an event that has not left yet, because the runtime gives ids when events leave.
    public let id: String?
    public let correlationID: String?
    public let causationID: String?

    /// The payload in the type that a function would get it in.
    ///
    /// - Throws: `DecodingError` when it is something else.
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
