/// Names one delivery to the broker. A tag is worth something only on the channel that it came from, so it carries
/// the number of that channel's life: a tag of an earlier life is dropped instead of sent, because acknowledging an
/// unknown tag closes the channel (AMQP 0-9-1, basic.ack, precondition-failed).
package struct DeliveryTag: Sendable, Hashable {
    package let generation: UInt32
    package let value: UInt64

    package init(generation: UInt32, value: UInt64) {
        self.generation = generation
        self.value = value
    }
}

/// One message as the broker handed it over. Its parts stay in one block of bytes and are looked up when needed.
package struct Delivery: Sendable, Hashable {
    package let tag: DeliveryTag
    /// The exchange that routed the message to the queue, empty for the default exchange.
    package let exchange: String
    /// The broker has delivered this message before; the outcome of that delivery is unknown.
    package let isRedelivered: Bool
    /// The body is an envelope: the message is in CloudEvents' structured mode, see `EventReader`.
    package let isStructured: Bool
    /// Set when the body was larger than the limit and was not kept: its size in bytes. Such a delivery can only be
    /// refused.
    package let omittedBodySize: UInt64?

    /// Routing key, properties, body, one behind the other.
    package let bytes: [UInt8]
    package let routingKeyRange: ByteRange
    package let propertiesRange: ByteRange
    /// Where an envelope says who the event is; nowhere in binary mode.
    let envelope: EnvelopeIdentity

    package init(
        tag: DeliveryTag,
        exchange: String,
        isRedelivered: Bool,
        bytes: [UInt8],
        routingKeyCount: Int,
        propertiesCount: Int,
        omittedBodySize: UInt64? = nil
    ) {
        self.tag = tag
        self.exchange = exchange
        self.isRedelivered = isRedelivered
        self.bytes = bytes
        self.routingKeyRange = ByteRange(start: 0, count: routingKeyCount)
        self.propertiesRange = ByteRange(start: routingKeyCount, count: propertiesCount)
        self.omittedBodySize = omittedBodySize
        let isStructured = MediaType.isEnvelope(Self.contentType(bytes, self.propertiesRange), in: bytes)
        self.isStructured = isStructured
        self.envelope = isStructured ? Self.envelope(in: bytes, behind: self.propertiesRange) : EnvelopeIdentity()
    }

    /// The first property, without a look at the others: most messages are in binary mode, and it says so.
    private static func contentType(_ bytes: [UInt8], _ properties: ByteRange) -> ByteRange {
        // Two octets of flags, the first of which says that there is a content type, then its length.
        guard properties.count > 3, bytes[properties.lowerBound] & 0x80 != 0 else { return .absent }
        let place = ByteRange(start: properties.lowerBound + 3, count: Int(bytes[properties.lowerBound + 2]))
        return place.upperBound <= properties.upperBound ? place : .absent
    }

    /// The host does not open what is compressed.
    private static func envelope(in bytes: [UInt8], behind properties: ByteRange) -> EnvelopeIdentity {
        guard let layout = try? PropertyLayout(bytes, properties),
            ContentCoding(bytes.text(layout.contentEncoding) ?? "") == .none
        else { return EnvelopeIdentity() }
        return EnvelopeIdentity(body: properties.upperBound..<bytes.endIndex, of: bytes)
    }

    package var routingKey: String { self.bytes.text(self.routingKeyRange) ?? "" }
    package var body: ArraySlice<UInt8> { self.bytes[self.propertiesRange.upperBound...] }

    /// The places of the properties; none when their bytes are malformed, which a broker does not let through.
    package var layout: PropertyLayout {
        (try? PropertyLayout(self.bytes, self.propertiesRange)) ?? PropertyLayout()
    }

    /// The header table as it came.
    package var headers: FieldTable { self.headers(self.layout) }

    package func headers(_ layout: PropertyLayout) -> FieldTable {
        let range = layout.headers
        guard range.isPresent else { return FieldTable() }
        return FieldTable(bytes: [UInt8](self.bytes[range.lowerBound..<range.upperBound]))
    }
}

extension Delivery {
    /// A message as if a broker had just delivered it.
    package init(_ message: OutgoingMessage, tag: DeliveryTag, isRedelivered: Bool = false) {
        let properties = message.properties.encoded(headers: message.headers)
        let routingKey = Array(message.routingKey.utf8)
        self.init(
            tag: tag,
            exchange: message.exchange,
            isRedelivered: isRedelivered,
            bytes: routingKey + properties + message.body,
            routingKeyCount: routingKey.count,
            propertiesCount: properties.count
        )
    }
}
