/// Reads AMQP's big-endian numbers and counted strings from untrusted bytes: every step is checked.
package struct ByteCursor {
    /// The bytes end before the value does, or a value has a form that the specification does not know.
    package struct Malformed: Error, Equatable {}

    private let bytes: [UInt8]
    private let end: Int
    package internal(set) var offset: Int

    package init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        self.offset = start
        self.end = Swift.min(end ?? bytes.count, bytes.count)
    }

    package var isAtEnd: Bool { self.offset >= self.end }

    package mutating func octet() throws(Malformed) -> UInt8 {
        guard self.offset < self.end else { throw Malformed() }
        defer { self.offset += 1 }
        return self.bytes[self.offset]
    }

    package mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _: Value.Type = Value.self
    ) throws(Malformed) -> Value {
        let size = Value.bitWidth / 8
        guard self.end - self.offset >= size else { throw Malformed() }
        var value: Value = 0
        for index in self.offset..<self.offset + size { value = value << 8 | Value(self.bytes[index]) }
        self.offset += size
        return value
    }

    /// Skips the next `count` bytes, and returns their position.
    package mutating func skip(_ count: Int) throws(Malformed) -> ByteRange {
        guard count >= 0, self.end - self.offset >= count else { throw Malformed() }
        defer { self.offset += count }
        return ByteRange(start: self.offset, count: count)
    }

    /// A string with one octet of length (AMQP 0-9-1, section 4.2.5.3).
    package mutating func shortString() throws(Malformed) -> ByteRange {
        try self.skip(Int(try self.octet()))
    }

    /// A string or a table with four octets of length.
    package mutating func longString() throws(Malformed) -> ByteRange {
        try self.skip(Int(try self.integer(UInt32.self)))
    }
}
