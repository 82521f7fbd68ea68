/// Walks the entries of a field table by their positions, decoding only the values that are asked for.
package struct FieldScan {
    /// One entry. `kind` is the octet that names the value's type.
    package struct Field {
        package let name: ByteRange
        package let kind: UInt8
        /// The value's bytes; for strings, tables and arrays without their length prefix.
        package let content: ByteRange
        /// The value's bytes including any length prefix, as they follow the kind octet.
        package let value: ByteRange

        /// The decoded value; `nil` when it nests too deep or is malformed inside.
        package func read(in bytes: [UInt8]) -> FieldValue? {
            var cursor = ByteCursor(bytes, from: self.value.lowerBound, to: self.value.upperBound)
            return try? FieldValue.read(kind: self.kind, from: &cursor, in: bytes, depth: 0)
        }
    }

    private var cursor: ByteCursor

    package init(_ bytes: [UInt8], _ table: ByteRange) {
        self.cursor = ByteCursor(bytes, from: table.lowerBound, to: table.upperBound)
    }

    /// Whether every entry has been read. Stays false once `next` has met a malformed entry.
    package var isAtEnd: Bool { self.cursor.isAtEnd }

    /// The next entry; `nil` at the end, and at the first malformed entry, because nothing behind it can be trusted.
    package mutating func next() -> Field? {
        guard !self.cursor.isAtEnd else { return nil }
        let begin = self.cursor.offset
        do throws(ByteCursor.Malformed) {
            let name = try self.cursor.shortString()
            let kind = try self.cursor.octet()
            let start = self.cursor.offset
            let content = try self.skipValue(kind)
            return Field(
                name: name,
                kind: kind,
                content: content,
                value: ByteRange(start: start, count: self.cursor.offset - start)
            )
        } catch {
            self.cursor.offset = begin
            return nil
        }
    }

    private mutating func skipValue(_ kind: UInt8) throws(ByteCursor.Malformed) -> ByteRange {
        switch kind {
        case UInt8(ascii: "V"): try self.cursor.skip(0)
        case UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "B"): try self.cursor.skip(1)
        case UInt8(ascii: "s"), UInt8(ascii: "U"), UInt8(ascii: "u"): try self.cursor.skip(2)
        case UInt8(ascii: "I"), UInt8(ascii: "i"), UInt8(ascii: "f"): try self.cursor.skip(4)
        case UInt8(ascii: "D"): try self.cursor.skip(5)
        case UInt8(ascii: "l"), UInt8(ascii: "L"), UInt8(ascii: "d"), UInt8(ascii: "T"): try self.cursor.skip(8)
        case UInt8(ascii: "S"), UInt8(ascii: "x"), UInt8(ascii: "A"), UInt8(ascii: "F"):
            try self.cursor.longString()
        default: throw ByteCursor.Malformed()
        }
    }
}
