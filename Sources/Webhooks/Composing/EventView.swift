import FoundationEssentials
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

    /// What is wrong with an envelope's data. Functions judge it alike: see `PayloadReader`.
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
        guard self.contentType.lowercased().hasPrefix("application/cloudevents+json") else { return }
        if let coding = self.coding.fieldValue {
            self.flaw = .invalid(
                reason: "the envelope is compressed (content-encoding \(coding)): a webhook cannot open it; "
                    + "publish it uncompressed, or in binary mode, where a compressed payload goes through"
            )
        } else {
            self.open(self.payload)
        }
    }

    /// Attributes are few: an envelope with millions of them would hold up every event of the host.
    private static let mostMembers = 256

    /// Takes attributes and payload out of an envelope. What is no envelope stays as it is.
    ///
    /// Source: CloudEvents JSON event format 1.0.2, section 3.
    private mutating func open(_ envelope: ArraySlice<UInt8>) {
        guard (try? JSONScanner.check(envelope)) != nil,
            envelope.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{")
        else { return }
        let all = (try? JSONScanner.members(of: envelope, atMost: Self.mostMembers)) ?? []
        guard all.count <= Self.mostMembers else {
            self.flaw = .invalid(reason: "the envelope has more than \(Self.mostMembers) members")
            return
        }
        // Of members with the same name the first one counts.
        let members = Dictionary(all) { first, _ in first }
        func value(_ name: String) -> ArraySlice<UInt8>? { members[name].map { envelope[$0] } }
        func text(_ name: String) -> String? {
            guard let value = value(name), value.first == UInt8(ascii: "\""), value.count > 2 else { return nil }
            return JSONText.unescaped(value.dropFirst().dropLast())
        }
        self.id = text("id") ?? self.id
        self.type = text("type") ?? self.type
        self.source = text("source") ?? self.source
        self.subject = text("subject") ?? self.subject
        self.time = text("time") ?? self.time
        self.correlationID = text("correlationid") ?? self.correlationID
        self.causationID = text("causationid") ?? self.causationID
        self.traceParent = text("traceparent") ?? self.traceParent
        self.traceState = text("tracestate") ?? self.traceState
        self.contentType = text("datacontenttype") ?? "application/json"
        // Sorted, so that of names that differ in their capitals always the same one counts.
        for (name, range) in members.sorted(by: { $0.key < $1.key }) {
            self.further.read(member: name, envelope[range])
        }
        self.take(data: value("data"), base64: value("data_base64"))
    }

    private mutating func take(data: ArraySlice<UInt8>?, base64: ArraySlice<UInt8>?) {
        if let base64 {
            let text = base64.first == UInt8(ascii: "\"") ? JSONText.unescaped(base64.dropFirst().dropLast()) : nil
            if let bytes = text.flatMap({ Data(base64Encoded: $0) }) {
                self.payload = [UInt8](bytes)[...]
            } else {
                self.payload = []
                self.flaw = .invalid(reason: "envelope.data_base64: expected base64")
            }
        } else if let data {
            let isText = !self.claimsJSON && data.first == UInt8(ascii: "\"")
            self.payload = isText ? Array(JSONText.unescaped(data.dropFirst().dropLast()).utf8)[...] : data
        } else {
            self.payload = []
            self.flaw = .missing
        }
    }

    /// Whether the payload says of itself that it is JSON. Source: RFC 6838, section 4.2.8 (`+json`).
    var claimsJSON: Bool {
        let type = self.contentType.lowercased().prefix { $0 != ";" && $0 != " " }
        return type == "application/json" || type == "text/json" || type.hasSuffix("+json")
    }
}
