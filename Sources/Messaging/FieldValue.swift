/// One value of an AMQP field table, in the dialect that RabbitMQ speaks.
///
/// Integers of all widths read as `integer`; unsigned 64-bit values above `Int64.max` are clamped to it.
/// Source: AMQP 0-9-1, section 4.2.5.5, with RabbitMQ's errata (https://www.rabbitmq.com/amqp-0-9-1-errata).
package enum FieldValue: Sendable, Hashable {
    case void
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    /// Text; bytes that are not UTF-8 were replaced by U+FFFD.
    case string(String)
    case bytes([UInt8])
    /// Seconds since 1970.
    case timestamp(UInt64)
    case array([FieldValue])
    case table([String: FieldValue])
}

extension FieldValue {
    /// Deeper tables are refused, so that a hostile header cannot exhaust the stack.
    static let maximumDepth = 32

    /// Reads a value of the given kind octet.
    static func read(
        kind: UInt8,
        from cursor: inout ByteCursor,
        in bytes: [UInt8],
        depth: Int
    ) throws(ByteCursor.Malformed) -> FieldValue {
        switch kind {
        case UInt8(ascii: "V"): return .void
        case UInt8(ascii: "t"): return .boolean(try cursor.octet() != 0)
        case UInt8(ascii: "b"): return .integer(Int64(Int8(bitPattern: try cursor.octet())))
        case UInt8(ascii: "B"): return .integer(Int64(try cursor.octet()))
        case UInt8(ascii: "s"), UInt8(ascii: "U"):
            return .integer(Int64(Int16(bitPattern: try cursor.integer(UInt16.self))))
        case UInt8(ascii: "u"): return .integer(Int64(try cursor.integer(UInt16.self)))
        case UInt8(ascii: "I"): return .integer(Int64(Int32(bitPattern: try cursor.integer(UInt32.self))))
        case UInt8(ascii: "i"): return .integer(Int64(try cursor.integer(UInt32.self)))
        case UInt8(ascii: "l"): return .integer(Int64(bitPattern: try cursor.integer(UInt64.self)))
        case UInt8(ascii: "L"): return .integer(Int64(clamping: try cursor.integer(UInt64.self)))
        case UInt8(ascii: "f"): return .double(Double(Float(bitPattern: try cursor.integer(UInt32.self))))
        case UInt8(ascii: "d"): return .double(Double(bitPattern: try cursor.integer(UInt64.self)))
        case UInt8(ascii: "D"): return try self.readDecimal(from: &cursor)
        case UInt8(ascii: "T"): return .timestamp(try cursor.integer(UInt64.self))
        case UInt8(ascii: "S"):
            let range = try cursor.longString()
            return .string(bytes.text(range) ?? "")
        case UInt8(ascii: "x"):
            let range = try cursor.longString()
            return .bytes([UInt8](bytes[range.lowerBound..<range.upperBound]))
        case UInt8(ascii: "A"): return try self.readArray(try cursor.longString(), in: bytes, depth: depth)
        case UInt8(ascii: "F"): return try self.readTable(try cursor.longString(), in: bytes, depth: depth)
        default: throw ByteCursor.Malformed()
        }
    }

    private static func readDecimal(from cursor: inout ByteCursor) throws(ByteCursor.Malformed) -> FieldValue {
        let scale = try cursor.octet()
        var value = Double(Int32(bitPattern: try cursor.integer(UInt32.self)))
        for _ in 0..<scale { value /= 10 }
        return .double(value)
    }

    private static func readArray(
        _ range: ByteRange,
        in bytes: [UInt8],
        depth: Int
    ) throws(ByteCursor.Malformed) -> FieldValue {
        guard depth < self.maximumDepth else { throw ByteCursor.Malformed() }
        var cursor = ByteCursor(bytes, from: range.lowerBound, to: range.upperBound)
        var values: [FieldValue] = []
        while !cursor.isAtEnd {
            let kind = try cursor.octet()
            values.append(try self.read(kind: kind, from: &cursor, in: bytes, depth: depth + 1))
        }
        return .array(values)
    }

    private static func readTable(
        _ range: ByteRange,
        in bytes: [UInt8],
        depth: Int
    ) throws(ByteCursor.Malformed) -> FieldValue {
        guard depth < self.maximumDepth else { throw ByteCursor.Malformed() }
        var cursor = ByteCursor(bytes, from: range.lowerBound, to: range.upperBound)
        var table: [String: FieldValue] = [:]
        while !cursor.isAtEnd {
            let name = bytes.text(try cursor.shortString()) ?? ""
            let kind = try cursor.octet()
            table[name] = try self.read(kind: kind, from: &cursor, in: bytes, depth: depth + 1)
        }
        return .table(table)
    }

    /// Appends the kind octet and the value.
    func write(to bytes: inout [UInt8]) {
        switch self {
        case .void: bytes.append(UInt8(ascii: "V"))
        case .boolean(let value): bytes.append(contentsOf: [UInt8(ascii: "t"), value ? 1 : 0])
        case .integer(let value):
            bytes.append(UInt8(ascii: "l"))
            bytes.appendBigEndian(UInt64(bitPattern: value))
        case .double(let value):
            bytes.append(UInt8(ascii: "d"))
            bytes.appendBigEndian(value.bitPattern)
        case .string(let value):
            bytes.append(UInt8(ascii: "S"))
            bytes.appendBigEndian(UInt32(value.utf8.count))
            bytes.append(contentsOf: value.utf8)
        case .bytes(let value):
            bytes.append(UInt8(ascii: "x"))
            bytes.appendBigEndian(UInt32(value.count))
            bytes.append(contentsOf: value)
        case .timestamp(let value):
            bytes.append(UInt8(ascii: "T"))
            bytes.appendBigEndian(value)
        case .array(let values):
            bytes.append(UInt8(ascii: "A"))
            var inner: [UInt8] = []
            for value in values { value.write(to: &inner) }
            bytes.appendBigEndian(UInt32(inner.count))
            bytes.append(contentsOf: inner)
        case .table(let values):
            bytes.append(UInt8(ascii: "F"))
            let inner = FieldTable(values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            bytes.appendBigEndian(UInt32(inner.bytes.count))
            bytes.append(contentsOf: inner.bytes)
        }
    }
}

extension [UInt8] {
    /// Appends the number in network byte order, as AMQP writes it. Public, because only a public function is
    /// specialized for its type in other modules.
    @inlinable
    public mutating func appendBigEndian<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
            self.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }
}
