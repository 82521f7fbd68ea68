/// The CloudEvents attributes of a delivery, by their places in its bytes.
///
/// Each is looked for in the AMQP property first, then in the header (`cloudEvents_x`, `cloudEvents:x`, `ce-x`); a
/// message from any plain AMQP client has a body and a routing key, and that is enough.
/// Source: CloudEvents 1.0 and its AMQP binding, section 3.1 (binary content mode).
package struct EventAttributes: Sendable {
    /// What the id of an event begins with whose publisher gave it none. The ids of the events that such an event
    /// causes begin with it, too: two equal causes would give their effects the same id.
    package static let generatedPrefix = "generated-"

    package private(set) var id: ByteRange
    package private(set) var type: ByteRange
    package private(set) var source: ByteRange
    package private(set) var subject = ByteRange.absent
    package private(set) var version = ByteRange.absent
    package private(set) var correlationID: ByteRange
    package private(set) var causationID = ByteRange.absent
    package private(set) var contentType: ByteRange
    /// How the body is compressed, see `ContentCoding`.
    package let contentEncoding: ByteRange
    package private(set) var traceParent = ByteRange.absent
    package private(set) var traceState = ByteRange.absent
    /// The timestamp property; nil when there is none, or none that is a time.
    package let timestamp: AMQPTimestamp?
    /// The header's RFC 3339 text, used when the timestamp property says nothing.
    package private(set) var time = ByteRange.absent
    package let headers: ByteRange

    package init(_ delivery: Delivery) {
        let layout = delivery.layout
        self.id = layout.messageID
        self.type = layout.type
        self.source = layout.appID
        self.correlationID = layout.correlationID
        self.contentType = layout.contentType
        self.contentEncoding = layout.contentEncoding
        self.timestamp = layout.timestamp.flatMap { AMQPTimestamp($0) }
        self.headers = layout.headers
        guard layout.headers.isPresent else { return }
        var scan = FieldScan(delivery.bytes, layout.headers)
        while let field = scan.next() {
            if field.kind == UInt8(ascii: "S") { self.take(field, in: delivery.bytes) }
        }
    }

    private mutating func take(_ field: FieldScan.Field, in bytes: [UInt8]) {
        if let prefix = Self.prefix(of: field.name, in: bytes) {
            self.takeAttribute(field, prefix: prefix, in: bytes)
        } else if field.content.count <= Self.longestTraceField {
            if bytes.field(field.name, equals: "traceparent") {
                self.traceParent = field.content
            } else if bytes.field(field.name, equals: "tracestate") {
                self.traceState = field.content
            }
        }
    }

    /// How many bytes of a header's name say that it is an attribute; nil when it is none.
    package static func prefix(of name: ByteRange, in bytes: [UInt8]) -> Int? {
        if bytes.field(name, startsWith: "cloudEvents_") || bytes.field(name, startsWith: "cloudEvents:") { return 12 }
        return bytes.field(name, startsWith: "ce-") ? 3 : nil
    }

    private mutating func takeAttribute(_ field: FieldScan.Field, prefix: Int, in bytes: [UInt8]) {
        guard Int(field.name.count) > prefix, field.content.count <= Self.longestAttribute else { return }
        let name = ByteRange(start: field.name.lowerBound + prefix, count: Int(field.name.count) - prefix)
        func fill(_ attribute: inout ByteRange) {
            if !attribute.isPresent { attribute = field.content }
        }
        if bytes.field(name, equals: "id") {
            fill(&self.id)
        } else if bytes.field(name, equals: "type") {
            fill(&self.type)
        } else if bytes.field(name, equals: "source") {
            fill(&self.source)
        } else if bytes.field(name, equals: "subject") {
            fill(&self.subject)
        } else if bytes.field(name, equals: "version") {
            fill(&self.version)
        } else if bytes.field(name, equals: "time") {
            fill(&self.time)
        } else if bytes.field(name, equals: "correlationid") {
            fill(&self.correlationID)
        } else if bytes.field(name, equals: "causationid") {
            fill(&self.causationID)
        } else if bytes.field(name, equals: "datacontenttype") {
            fill(&self.contentType)
        }
    }

    /// A longer attribute cannot be written as an AMQP property again and is not taken for one.
    private static let longestAttribute = 255

    /// Trace context is passed on from event to event, so a header of any length would travel for ever. The
    /// specification asks for at least 512 characters of `tracestate` (W3C Trace Context, section 3.3.1.5).
    private static let longestTraceField = 4096
}

extension Delivery {
    /// The event's id, or, for a message that has none, an id made from its content and marked by its prefix.
    ///
    /// Two deliveries of one message get the same made-up id, and so do two messages that are equal in all they say.
    package func eventID(_ attributes: EventAttributes) -> String {
        if let id = self.bytes.text(attributes.id), !id.isEmpty { return id }
        return EventAttributes.generatedPrefix + self.contentHash.identifier
    }

    /// Whether the event's publisher gave it an identity: a source and an id (CloudEvents 1.0, section 3.1).
    ///
    /// Without one two events that say the same cannot be told apart. An id that the runtime made up is none, also when
    /// it was derived from such an id (see `generatedPrefix`).
    package var hasIdentity: Bool { self.identityHash(self.layout) != nil }

    /// A hash of source and id, which is the same for everything that CloudEvents takes for one event: each delivery of
    /// its message, each copy that a retry makes, and what its publisher sent twice. Nil for an event without identity.
    ///
    /// - Parameter layout: the delivery's own.
    package func identityHash(_ layout: PropertyLayout) -> StableHash? {
        var (source, id) = (layout.appID, layout.messageID)
        if source.count == 0 || id.count == 0 {
            // Rarely: then the headers say it, if anything does.
            let attributes = EventAttributes(self)
            (source, id) = (attributes.source, attributes.id)
        }
        guard source.count > 0, id.count > 0 else { return nil }
        let name = self.bytes[id.lowerBound..<id.upperBound]
        guard !name.starts(with: EventAttributes.generatedPrefix.utf8) else { return nil }
        var hash = StableHash()
        hash.combine(self.bytes[source.lowerBound..<source.upperBound])
        hash.combine(name)
        return hash
    }
}
