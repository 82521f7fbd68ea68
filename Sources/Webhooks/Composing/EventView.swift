import FoundationEssentials
import Messaging
package import Processing

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
            attributes.timestamp.flatMap { $0 <= CivilDate.lastSecond ? Int64($0) : nil }.map(CivilDate.text(seconds:))
            ?? text(attributes.time)
        self.correlationID = text(attributes.correlationID) ?? self.id
        self.causationID = text(attributes.causationID)
        self.contentType = text(attributes.contentType) ?? "application/json"
        self.traceParent = text(attributes.traceParent)
        self.traceState = text(attributes.traceState)
        self.payload = invocation.delivery.body
        if self.contentType.lowercased().hasPrefix("application/cloudevents+json") { self.open(self.payload) }
    }

    /// Takes attributes and payload out of an envelope. What is no envelope stays as it is.
    ///
    /// Source: CloudEvents JSON event format 1.0.2, section 3.
    private mutating func open(_ envelope: ArraySlice<UInt8>) {
        guard (try? JSONScanner.check(envelope)) != nil,
            envelope.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{")
        else { return }
        func value(_ name: String) -> ArraySlice<UInt8>? {
            (try? JSONScanner.find([.member(name)], in: envelope)).flatMap { $0 }.map { envelope[$0] }
        }
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
        if let base64 = text("data_base64"), let data = Data(base64Encoded: base64) {
            self.payload = [UInt8](data)[...]
        } else {
            let data = value("data") ?? []
            let isText = !self.claimsJSON && data.first == UInt8(ascii: "\"")
            self.payload = isText ? Array(JSONText.unescaped(data.dropFirst().dropLast()).utf8)[...] : data
        }
    }

    /// Whether the payload says of itself that it is JSON. Source: RFC 6838, section 4.2.8 (`+json`).
    var claimsJSON: Bool {
        let type = self.contentType.lowercased().prefix { $0 != ";" && $0 != " " }
        return type == "application/json" || type == "text/json" || type.hasSuffix("+json")
    }
}
