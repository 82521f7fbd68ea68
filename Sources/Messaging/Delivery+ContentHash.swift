extension Delivery {
    /// A hash of everything that the publisher sent: exchange, routing key, properties, headers and body. It is the
    /// same for every delivery of one message, and for two messages that are equal in all these parts.
    ///
    /// The hash leaves out what the broker changes when it delivers again. The broker adds `x-delivery-count` or
    /// `x-acquired-count` (https://www.rabbitmq.com/docs/quorum-queues, poison message handling). It also sorts the
    /// header table by name, either then (rabbit_basic:add_header of RabbitMQ 3.10) or at every delivery
    /// (mc_amqpl:protocol_state of 4.x), so the order of headers means nothing.
    package var contentHash: StableHash {
        var hash = StableHash()
        let layout = self.layout
        hash.combine(self.exchange)
        let fields = [
            self.routingKeyRange, layout.contentType, layout.contentEncoding, layout.correlationID, layout.replyTo,
            layout.expiration, layout.messageID, layout.type, layout.appID,
        ]
        for field in fields {
            hash.combine(field.isPresent ? self.bytes[field.lowerBound..<field.upperBound] : [])
        }
        hash.combine(layout.timestamp ?? 0)
        hash.combine(UInt64(layout.priority ?? 0))
        self.combineHeaders(layout.headers, into: &hash)
        hash.combine(self.body)
        return hash
    }

    /// The sum of the hashes of the entries, which is the same in any order.
    private func combineHeaders(_ range: ByteRange, into hash: inout StableHash) {
        var sum: UInt128 = 0
        // A message without headers gets a table when it is delivered again, so no table hashes like an empty one.
        var scan = FieldScan(self.bytes, range.isPresent ? range : ByteRange(start: 0, count: 0))
        while let field = scan.next() {
            guard !self.bytes.field(field.name, equals: "x-delivery-count"),
                !self.bytes.field(field.name, equals: "x-acquired-count")
            else { continue }
            var entry = StableHash()
            entry.combine(self.bytes[field.name.lowerBound..<field.name.upperBound])
            entry.combine(UInt64(Self.rewritten(field.kind)))
            entry.combine(self.bytes[field.content.lowerBound..<field.content.upperBound])
            sum &+= entry.value
        }
        hash.combine(UInt64(truncatingIfNeeded: sum >> 64))
        hash.combine(UInt64(truncatingIfNeeded: sum))
        // Behind a malformed entry the entries cannot be told apart, so the whole table is hashed as it is.
        if !scan.isAtEnd { hash.combine(self.bytes[range.lowerBound..<range.upperBound]) }
    }

    /// The broker reads `L` as `l`, and writes `l` when it writes the table again.
    private static func rewritten(_ kind: UInt8) -> UInt8 { kind == UInt8(ascii: "L") ? UInt8(ascii: "l") : kind }
}
