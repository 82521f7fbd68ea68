import Messaging

/// A message as bytes: what a careless or hostile publisher could send, and a well-behaved client library would not.
struct RawMessage: Sendable {
    var contentType: [UInt8]? = Array("application/json".utf8)
    /// The entries of the header table.
    var headers: [UInt8]?
    var deliveryMode: UInt8? = 2
    var correlationID: [UInt8]?
    var expiration: [UInt8]?
    var messageID: [UInt8]?
    var timestamp: UInt64?
    var type: [UInt8]?
    var userID: [UInt8]?
    var body: [UInt8] = []

    /// The property flags and list of a content header (AMQP 0-9-1, section 4.2.6.1).
    var properties: [UInt8] {
        var flags: UInt16 = 0
        var list: [UInt8] = []
        func add(_ value: [UInt8]?, bit: UInt16) {
            guard let value else { return }
            flags |= 1 << bit
            list.append(UInt8(value.count))
            list += value
        }
        add(self.contentType, bit: 15)
        if let headers = self.headers {
            flags |= 1 << 13
            list.appendBigEndian(UInt32(headers.count))
            list += headers
        }
        if let deliveryMode = self.deliveryMode {
            flags |= 1 << 12
            list.append(deliveryMode)
        }
        add(self.correlationID, bit: 10)
        add(self.expiration, bit: 8)
        add(self.messageID, bit: 7)
        if let timestamp = self.timestamp {
            flags |= 1 << 6
            list.appendBigEndian(timestamp)
        }
        add(self.type, bit: 5)
        add(self.userID, bit: 4)
        var bytes: [UInt8] = []
        bytes.appendBigEndian(flags)
        return bytes + list
    }
}

extension RawMessage {
    /// A header table's entry: a name, the octet for a kind, and the value as it travels.
    static func entry(_ name: [UInt8], _ kind: Unicode.Scalar, _ value: [UInt8]) -> [UInt8] {
        [UInt8(name.count)] + name + [UInt8(ascii: kind)] + value
    }

    static func entry(_ name: String, _ kind: Unicode.Scalar, _ value: [UInt8]) -> [UInt8] {
        self.entry(Array(name.utf8), kind, value)
    }

    /// A long string, table or array: its length and its bytes.
    static func long(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.appendBigEndian(UInt32(bytes.count))
        return result + bytes
    }

    /// A table in a table in a table.
    static func nested(_ depth: Int) -> [UInt8] {
        (0..<depth).reduce(into: []) { inner, _ in inner = self.entry("t", "F", self.long(inner)) }
    }
}
