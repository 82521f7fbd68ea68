public import FoundationEssentials
import Messaging
import WorkerProtocol

/// A fact that a function is told of: CloudEvents attributes and a payload.
///
/// Attributes are read from the message when they are asked for, so those that a function does not use cost nothing.
/// Source: CloudEvents 1.0.2, section 3.
public struct Event<Payload: Sendable>: Sendable {
    private let origin: EventOrigin
    /// What happened, in the function's own type.
    public let payload: Payload

    package init(_ origin: EventOrigin, payload: Payload) {
        self.origin = origin
        self.payload = payload
    }
}

extension Event {
    /// Tells this event from all others. The same event delivered again has the same id; a message that came without
    /// one has an id made from its content that begins with `generated-`.
    public var id: String { self.origin.id }

    /// What kind of thing happened, such as `order.placed`; the routing key when the publisher gave no type.
    public var type: String { self.origin.text(.type) ?? self.routingKey }

    /// Who says so; `unknown` when the publisher did not tell.
    public var source: String { self.origin.text(.source) ?? "unknown" }

    /// What it happened to, in the words of the source.
    public var subject: String? { self.origin.text(.subject) }

    /// When it happened; when the message does not tell, when the host received it.
    public var time: Date { self.origin.time }

    /// The version of the payload's form, if the publisher keeps one (extension attribute `version`).
    public var version: String? { self.origin.text(.version) }

    /// The same for all events that follow from one first event, which is the one that it names when the publisher
    /// gave nothing else. Emitted events inherit it.
    public var correlationID: String { self.origin.correlationID }

    /// The id of the event whose handling emitted this one.
    public var causationID: String? { self.origin.text(.causationID) }

    /// The key that the event was published with, also after retries.
    public var routingKey: String { self.origin.received[.routingKey] ?? "" }

    /// The headers of the message.
    public var headers: EventHeaders { EventHeaders(self.origin.received.headers) }
}
