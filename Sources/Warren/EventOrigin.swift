import FoundationEssentials
package import Messaging
import Synchronization
package import WorkerProtocol

/// The source of an event's attributes: the bytes of the invocation, and the envelope if the message had one.
package final class EventOrigin: Sendable {
    package let received: ReceivedInvocation
    private let envelope: EnvelopeAttributes?
    /// Whether the envelope was compressed. The host cannot read such an envelope, so it knows the event by the
    /// attributes of the message.
    private let isNamedBeside: Bool
    private let timeOfFirstLook = Mutex<Date?>(nil)

    package init(_ received: ReceivedInvocation, envelope: EnvelopeAttributes?) {
        self.received = received
        self.envelope = envelope
        self.isNamedBeside = envelope != nil && ContentCoding(received[.contentEncoding] ?? "") != .none
    }

    /// Returns the envelope's attribute, else the message's, see `EventReader`. An empty one counts as absent, because
    /// some AMQP clients send every property.
    func text(_ attribute: EventReader.Attribute) -> String? {
        let inside = self.envelope?[attribute]
        let beside = self.received[attribute.inFrame].flatMap { $0.isEmpty ? nil : $0 }
        switch attribute {
        case .id where self.isNamedBeside, .source where self.isNamedBeside: return beside ?? inside
        default: return inside ?? beside
        }
    }

    var id: String { self.text(.id) ?? "" }
    var correlationID: String { self.text(.correlationID) ?? self.id }
    var trace: TraceContext {
        TraceContext(traceParent: self.text(.traceParent), traceState: self.text(.traceState))
    }

    var time: Date {
        if let text = self.envelope?[.time], let date = EventTime.parse(text) { return date }
        if let milliseconds = self.received.timeMilliseconds {
            return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        }
        if let text = self.received[.time], let date = EventTime.parse(text) { return date }
        // The publisher wrote something that is not a time. The current time is a good approximation, but must not
        // change between two reads.
        return self.timeOfFirstLook.withLock { time in
            let date = time ?? Date()
            time = date
            return date
        }
    }
}

extension EventReader.Attribute {
    fileprivate var inFrame: InvokeFrame.Attribute {
        switch self {
        case .id: .id
        case .source: .source
        case .type: .type
        case .subject: .subject
        case .time: .time
        case .contentType: .contentType
        case .correlationID: .correlationID
        case .causationID: .causationID
        case .traceParent: .traceParent
        case .traceState: .traceState
        case .version: .version
        }
    }
}
