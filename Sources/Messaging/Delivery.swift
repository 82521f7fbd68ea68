/// Identifies a delivery to the broker. A tag is valid only on the channel that it came from, so it carries the number
/// of that channel's life. A tag of an earlier life is dropped instead of sent, because acknowledging an unknown tag
/// closes the channel (AMQP 0-9-1, basic.ack, precondition-failed).
package struct DeliveryTag: Sendable, Hashable {
    package let generation: UInt32
    package let value: UInt64

    package init(generation: UInt32, value: UInt64) {
        self.generation = generation
        self.value = value
    }
}

/// One message as the broker delivered it. Its parts stay in one block of bytes and are looked up when needed.
package struct Delivery: Sendable, Hashable {
    package let tag: DeliveryTag
    /// The exchange that routed the message to the queue, empty for the default exchange.
    package let exchange: String
    /// Whether the broker has delivered this message before; the outcome of that delivery is unknown.
    package let isRedelivered: Bool
    /// Whether the body is an envelope: the message is in CloudEvents' structured mode, see `EventReader`.
    package let isStructured: Bool
    /// The size of the body in bytes, when it was larger than the limit and was not kept. Such a delivery can only be
    /// refused.
    package let omittedBodySize: UInt64?

    /// Routing key, properties and body, in this order.
    package let bytes: [UInt8]
    package let routingKeyRange: ByteRange
    package let propertiesRange: ByteRange
    /// The positions of id and source in an envelope; absent in binary mode.
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

    /// The position of the content type, found without reading the other properties: it tells that a message is in
    /// binary mode, as most are.
    private static func contentType(_ bytes: [UInt8], _ properties: ByteRange) -> ByteRange {
        // Two octets of flags, the first of which says that there is a content type, then its length.
        guard properties.count > 3, bytes[properties.lowerBound] & 0x80 != 0 else { return .absent }
        let place = ByteRange(start: properties.lowerBound + 3, count: Int(bytes[properties.lowerBound + 2]))
        return place.upperBound <= properties.upperBound ? place : .absent
    }

    /// Locates id and source in the envelope; absent when it is compressed, because the host does not decompress
    /// bodies.
    private static func envelope(in bytes: [UInt8], behind properties: ByteRange) -> EnvelopeIdentity {
        guard let layout = try? PropertyLayout(bytes, properties),
            ContentCoding(bytes.text(layout.contentEncoding) ?? "") == .none
        else { return EnvelopeIdentity() }
        return EnvelopeIdentity(body: properties.upperBound..<bytes.endIndex, of: bytes)
    }

    package var routingKey: String { self.bytes.text(self.routingKeyRange) ?? "" }
    package var body: ArraySlice<UInt8> { self.bytes[self.propertiesRange.upperBound...] }

    /// The positions of the properties; all absent when their bytes are malformed, which a broker does not let through.
    package var layout: PropertyLayout {
        (try? PropertyLayout(self.bytes, self.propertiesRange)) ?? PropertyLayout()
    }

    /// The header table as it was received.
    package var headers: FieldTable { self.headers(self.layout) }

    package func headers(_ layout: PropertyLayout) -> FieldTable {
        let range = layout.headers
        guard range.isPresent else { return FieldTable() }
        return FieldTable(bytes: [UInt8](self.bytes[range.lowerBound..<range.upperBound]))
    }
}

extension Delivery {
    /// Makes the delivery that a broker would make of a message.
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
