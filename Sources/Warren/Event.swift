public import FoundationEssentials
import Messaging
import WorkerProtocol

/// An event that a function handles: its CloudEvents attributes and its payload.
///
/// Attributes are read from the message on access, so those that a function does not use cost nothing. Source:
/// CloudEvents 1.0.2, section 3.
public struct Event<Payload: Sendable>: Sendable {
    private let origin: EventOrigin
    /// The payload, decoded to the function's own type.
    public let payload: Payload

    package init(_ origin: EventOrigin, payload: Payload) {
        self.origin = origin
        self.payload = payload
    }
}

extension Event {
    /// Identifies the event. If the same event is delivered again, it has the same id. A message without an id gets one
    /// that is derived from its content and begins with `generated-`.
    public var id: String { self.origin.id }

    /// The kind of event, such as `order.placed`; the routing key if the publisher gave no type.
    public var type: String { self.origin.text(.type) ?? self.routingKey }

    /// Where the event comes from; `unknown` if the publisher did not say.
    public var source: String { self.origin.text(.source) ?? "unknown" }

    /// The subject of the event in the context of its source, such as an order's number.
    public var subject: String? { self.origin.text(.subject) }

    /// When the event happened; if the message does not say, when the host received it.
    public var time: Date { self.origin.time }

    /// The version of the payload's schema, if the publisher gives one (extension attribute `version`).
    public var version: String? { self.origin.text(.version) }

    /// An id that all events of one chain share: the id of the event that started the chain, unless the publisher chose
    /// another. Emitted events inherit it.
    public var correlationID: String { self.origin.correlationID }

    /// The id of the event whose handling emitted this one.
    public var causationID: String? { self.origin.text(.causationID) }

    /// The routing key that the event was published with. Retries do not change it.
    public var routingKey: String { self.origin.received[.routingKey] ?? "" }

    /// The headers of the message.
    public var headers: EventHeaders { EventHeaders(self.origin.received.headers) }
}
