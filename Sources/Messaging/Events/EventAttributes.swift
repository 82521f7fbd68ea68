/// The positions of the CloudEvents attributes in a delivery's properties and headers. What an envelope says takes
/// precedence. `EventReader` says which position counts, and what is ignored.
///
/// A message from any plain AMQP client has a body and a routing key, and that is enough.
/// Source: CloudEvents 1.0 and its AMQP binding, section 3.1 (binary content mode).
package struct EventAttributes: Sendable {
    /// The prefix of an event's ID when its publisher gave it none. The IDs of events that such an event causes begin
    /// with it too: two equal causes would give their effects the same ID.
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
    /// The timestamp property, or else a header of AMQP's own type for times; `nil` when neither is a time.
    package private(set) var timestamp: AMQPTimestamp?
    /// The RFC 3339 text of a header, used when there is no `timestamp`.
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
            switch field.kind {
            case UInt8(ascii: "S"): self.take(field, in: delivery.bytes)
            case UInt8(ascii: "T"): self.takeTime(field, in: delivery.bytes)
            default: break
            }
        }
    }

    private mutating func take(_ field: FieldScan.Field, in bytes: [UInt8]) {
        if let prefix = Self.prefix(of: field.name, in: bytes) {
            self.takeAttribute(field, prefix: prefix, in: bytes)
        } else if field.content.count <= EventReader.longestTraceField {
            if bytes.field(field.name, equals: "traceparent") {
                self.traceParent = field.content
            } else if bytes.field(field.name, equals: "tracestate") {
                self.traceState = field.content
            }
        }
    }

    /// The length in bytes of the prefix that marks a header as an attribute; `nil` when the header is not an
    /// attribute.
    package static func prefix(of name: ByteRange, in bytes: [UInt8]) -> Int? {
        if bytes.field(name, startsWith: "cloudEvents_") || bytes.field(name, startsWith: "cloudEvents:") { return 12 }
        return bytes.field(name, startsWith: "ce-") ? 3 : nil
    }

    private mutating func takeTime(_ field: FieldScan.Field, in bytes: [UInt8]) {
        guard self.timestamp == nil, let prefix = Self.prefix(of: field.name, in: bytes),
            bytes.field(field.name.dropFirst(prefix), equals: "time"),
            case .timestamp(let value)? = field.read(in: bytes)
        else { return }
        self.timestamp = AMQPTimestamp(value)
    }

    private mutating func takeAttribute(_ field: FieldScan.Field, prefix: Int, in bytes: [UInt8]) {
        guard Int(field.name.count) > prefix, (1...EventReader.longestProperty).contains(Int(field.content.count))
        else {
            return
        }
        let name = field.name.dropFirst(prefix)
        let headers = self.headers
        func fill(_ attribute: inout ByteRange) {
            guard attribute.count > 0 else { return attribute = field.content }
            let isOfHeader =
                attribute.lowerBound >= headers.lowerBound && attribute.upperBound <= headers.upperBound
            if isOfHeader, Self.isBehind(attribute, field, prefix, in: bytes) { attribute = field.content }
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
        } else if bytes.field(name, equals: "datacontenttype"), !MediaType.isEnvelope(field.content, in: bytes) {
            fill(&self.contentType)
        }
    }

    /// Whether an earlier header for an attribute takes second place to this one, because of their prefixes.
    ///
    /// The last characters of the prefixes sort in the same order as the prefixes: `_`, `:`, `-`. In front of a
    /// header's text are its name, the octet of its type and four octets of length.
    ///
    /// - Parameter found: the text of the earlier header.
    private static func isBehind(
        _ found: ByteRange,
        _ field: FieldScan.Field,
        _ prefix: Int,
        in bytes: [UInt8]
    ) -> Bool {
        let end = found.lowerBound - 5 - (Int(field.name.count) - prefix)
        return bytes[end - 1] < bytes[field.name.lowerBound + prefix - 1]
    }
}

extension ByteRange {
    fileprivate func dropFirst(_ count: Int) -> ByteRange {
        ByteRange(start: self.lowerBound + count, count: Int(self.count) - count)
    }
}
