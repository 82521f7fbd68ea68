package import Invoking
package import Messaging

/// An event as its endpoint sees it, whether its message was in the binary or the structured mode of CloudEvents.
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
    package private(set) var further = ExtensionAttributes()
    /// Why there is no payload; `nil` if there is one.
    package private(set) var flaw: Flaw?

    /// What is wrong with an envelope. Functions apply the same rules: see `EventReader`.
    package enum Flaw: Sendable, Equatable {
        /// The envelope has neither `data` nor `data_base64`. It can still be delivered if no payload is needed.
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

    /// Reads attributes and payload from an envelope. The id has been read from it already.
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
        // Sorted, so that of several names that differ only in case the same one always counts.
        for (name, value) in envelope.members.sorted(by: { $0.name < $1.name }) {
            self.further.read(member: name, value)
        }
        self.payload = []
        if let payload = try envelope.payload() { self.payload = payload } else { self.flaw = .missing }
    }

    /// Whether the content type says that the payload is JSON.
    var claimsJSON: Bool { MediaType(self.contentType).isJSON }
}
