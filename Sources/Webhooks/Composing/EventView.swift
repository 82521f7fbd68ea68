package import Invoking
package import Messaging

/// An event as an endpoint is to see it, whether its message was in CloudEvents' binary or structured mode.
package struct EventView: Sendable {
    package private(set) var id: String
    package private(set) var type: String
    package private(set) var source: String
    package private(set) var subject: String?
    /// RFC 3339.
    package private(set) var time: String?
    package private(set) var correlationID: String
    package private(set) var causationID: String?
    package private(set) var contentType: String
    package let key: String
    package private(set) var traceParent: String?
    package private(set) var traceState: String?
    package private(set) var payload: ArraySlice<UInt8>
    /// How the payload is compressed.
    package private(set) var coding = ContentCoding.none
    package private(set) var further = FurtherAttributes()
    /// Why there is no payload.
    package private(set) var flaw: Flaw?

    /// What is wrong with an envelope. Functions judge it alike: see `EventReader`.
    package enum Flaw: Sendable, Equatable {
        /// It has neither `data` nor `data_base64`. Whoever needs no payload can do without.
        case missing
        case invalid(reason: String)
    }

    package init(_ invocation: Invocation) {
        let bytes = invocation.delivery.bytes
        let attributes = invocation.attributes
        func text(_ range: ByteRange) -> String? { bytes.text(range).flatMap { $0.isEmpty ? nil : $0 } }
        self.id = invocation.eventID
        self.key = invocation.originalRoutingKey ?? invocation.delivery.routingKey
        self.type = text(attributes.type) ?? self.key
        self.source = text(attributes.source) ?? "unknown"
        self.subject = text(attributes.subject)
        self.time =
            attributes.timestamp.map { CivilDate.text(milliseconds: $0.milliseconds) } ?? text(attributes.time)
        self.correlationID = text(attributes.correlationID) ?? self.id
        self.causationID = text(attributes.causationID)
        self.contentType = text(attributes.contentType) ?? "application/json"
        self.traceParent = text(attributes.traceParent)
        self.traceState = text(attributes.traceState)
        self.payload = invocation.delivery.body
        self.coding = invocation.delivery.contentCoding(invocation.delivery.layout)
        self.further.read(attributes.headers, in: bytes)
        guard invocation.delivery.isStructured else { return }
        if let coding = self.coding.fieldValue {
            self.flaw = .invalid(
                reason: "the envelope is compressed (content-encoding \(coding)): a webhook cannot open it; "
                    + "publish it uncompressed, or in binary mode, where a compressed payload goes through"
            )
            return
        }
        do throws(EventReader.Refusal) {
            try self.take(EventEnvelope(self.payload))
        } catch {
            self.payload = []
            self.flaw = .invalid(reason: error.reason)
        }
    }

    /// Takes attributes and payload out of an envelope. The id is already the one that it has.
    private mutating func take(_ envelope: EventEnvelope) throws(EventReader.Refusal) {
        let attributes = envelope.attributes
        self.type = attributes[.type] ?? self.type
        self.source = attributes[.source] ?? self.source
        self.subject = attributes[.subject] ?? self.subject
        self.time = attributes[.time] ?? self.time
        self.correlationID = attributes[.correlationID] ?? self.correlationID
        self.causationID = attributes[.causationID] ?? self.causationID
        self.traceParent = attributes[.traceParent] ?? self.traceParent
        self.traceState = attributes[.traceState] ?? self.traceState
        self.contentType = envelope.contentType
        // Sorted, so that of names that differ in their capitals always the same one counts.
        for (name, value) in envelope.members.sorted(by: { $0.name < $1.name }) {
            self.further.read(member: name, value)
        }
        self.payload = []
        if let payload = try envelope.payload() { self.payload = payload } else { self.flaw = .missing }
    }

    /// Whether the payload says of itself that it is JSON.
    var claimsJSON: Bool { MediaType(self.contentType).isJSON }
}
