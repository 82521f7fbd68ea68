/// The content header properties with which a message is published, copied out of its bytes.
///
/// Source: AMQP 0-9-1, section 1.8 (class basic). Delivery mode is not here: Warren publishes everything persistent.
package struct BasicProperties: Sendable, Equatable {
    package var contentType: String?
    package var contentEncoding: String?
    package var correlationID: String?
    package var replyTo: String?
    package var messageID: String?
    /// Seconds since 1970.
    package var timestamp: UInt64?
    package var type: String?
    package var appID: String?
    package var priority: UInt8?
    /// Milliseconds as text. Warren only reads it: its delays are queues, never a message's own time to live.
    package var expiration: String?

    package init() {}
}

/// The positions of the properties inside a delivery's bytes, found in one pass.
package struct PropertyLayout: Sendable {
    package private(set) var contentType = ByteRange.absent
    package private(set) var contentEncoding = ByteRange.absent
    /// The entries of the header table, without its length.
    package private(set) var headers = ByteRange.absent
    package private(set) var priority: UInt8?
    package private(set) var correlationID = ByteRange.absent
    package private(set) var replyTo = ByteRange.absent
    package private(set) var expiration = ByteRange.absent
    package private(set) var messageID = ByteRange.absent
    package private(set) var timestamp: UInt64?
    package private(set) var type = ByteRange.absent
    package private(set) var appID = ByteRange.absent

    /// Reads the property flags and list of a content header frame (AMQP 0-9-1, section 4.2.6.1).
    package init(_ bytes: [UInt8], _ range: ByteRange) throws(ByteCursor.Malformed) {
        guard range.count > 0 else { return }
        var cursor = ByteCursor(bytes, from: range.lowerBound, to: range.upperBound)
        let flags = try cursor.integer(UInt16.self)
        // Bit 0 announces another word of flags; class basic does not have one.
        guard flags & 1 == 0 else { throw ByteCursor.Malformed() }
        if flags & 1 << 15 != 0 { self.contentType = try cursor.shortString() }
        if flags & 1 << 14 != 0 { self.contentEncoding = try cursor.shortString() }
        if flags & 1 << 13 != 0 { self.headers = try cursor.longString() }
        if flags & 1 << 12 != 0 { _ = try cursor.octet() }
        if flags & 1 << 11 != 0 { self.priority = try cursor.octet() }
        if flags & 1 << 10 != 0 { self.correlationID = try cursor.shortString() }
        if flags & 1 << 9 != 0 { self.replyTo = try cursor.shortString() }
        if flags & 1 << 8 != 0 { self.expiration = try cursor.shortString() }
        if flags & 1 << 7 != 0 { self.messageID = try cursor.shortString() }
        if flags & 1 << 6 != 0 { self.timestamp = try cursor.integer(UInt64.self) }
        if flags & 1 << 5 != 0 { self.type = try cursor.shortString() }
        if flags & 1 << 4 != 0 { _ = try cursor.shortString() }
        if flags & 1 << 3 != 0 { self.appID = try cursor.shortString() }
    }

    /// A message without properties.
    package init() {}

    /// Copies the properties out of the delivery's bytes.
    package func properties(in bytes: [UInt8]) -> BasicProperties {
        var properties = BasicProperties()
        properties.contentType = bytes.shortText(self.contentType)
        properties.contentEncoding = bytes.shortText(self.contentEncoding)
        properties.correlationID = bytes.shortText(self.correlationID)
        properties.replyTo = bytes.shortText(self.replyTo)
        properties.messageID = bytes.shortText(self.messageID)
        properties.timestamp = self.timestamp
        properties.type = bytes.shortText(self.type)
        properties.appID = bytes.shortText(self.appID)
        properties.priority = self.priority
        properties.expiration = bytes.shortText(self.expiration)
        return properties
    }
}

extension [UInt8] {
    /// The text of a short string, cut to 255 bytes again, because each U+FFFD takes three bytes and may replace one. A
    /// returned message is matched by its message ID, so the ID must be published exactly as it was set.
    fileprivate func shortText(_ range: ByteRange) -> String? {
        guard let text = self.text(range), text.utf8.count > 255 else { return self.text(range) }
        var short = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= 255 else { break }
            short.append(scalar)
        }
        return String(short)
    }
}

extension BasicProperties {
    /// The property flags and list as they stand in a content header frame, with delivery mode 2 (persistent).
    package func encoded(headers: FieldTable) -> [UInt8] {
        var flags: UInt16 = 1 << 12
        var list: [UInt8] = []
        func text(_ value: String?, bit: UInt16) {
            guard let value else { return }
            flags |= 1 << bit
            let utf8 = value.prefix(bytes: 255).utf8
            list.append(UInt8(utf8.count))
            list.append(contentsOf: utf8)
        }
        text(self.contentType, bit: 15)
        text(self.contentEncoding, bit: 14)
        if !headers.isEmpty {
            flags |= 1 << 13
            list.appendBigEndian(UInt32(headers.bytes.count))
            list.append(contentsOf: headers.bytes)
        }
        list.append(2)
        if let priority = self.priority {
            flags |= 1 << 11
            list.append(priority)
        }
        text(self.correlationID, bit: 10)
        text(self.replyTo, bit: 9)
        text(self.expiration, bit: 8)
        text(self.messageID, bit: 7)
        if let timestamp = self.timestamp {
            flags |= 1 << 6
            list.appendBigEndian(timestamp)
        }
        text(self.type, bit: 5)
        text(self.appID, bit: 3)
        var result: [UInt8] = []
        result.reserveCapacity(2 + list.count)
        result.appendBigEndian(flags)
        result.append(contentsOf: list)
        return result
    }
}
