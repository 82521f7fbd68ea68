import FoundationEssentials
import Synchronization
package import WorkerProtocol

/// Where an event's attributes come from: the bytes of the invocation, and an envelope where the message had one.
package final class EventOrigin: Sendable {
    package let received: ReceivedInvocation
    private let envelope: EnvelopeAttributes?
    private let timeOfFirstLook = Mutex<Date?>(nil)

    package init(_ received: ReceivedInvocation, envelope: EnvelopeAttributes?) {
        self.received = received
        self.envelope = envelope
    }

    /// The attribute of the envelope, else of the message; an empty one counts as absent, for AMQP clients exist that
    /// send every property.
    func text(_ attribute: InvokeFrame.Attribute) -> String? {
        if let text = self.envelope?[attribute], !text.isEmpty { return text }
        guard let text = self.received[attribute], !text.isEmpty else { return nil }
        return text
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
        // The publisher wrote something that is not a time: now is near enough, and must not change while looking.
        return self.timeOfFirstLook.withLock { time in
            let date = time ?? Date()
            time = date
            return date
        }
    }
}
