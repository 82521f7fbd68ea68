/// An AMQP field table, kept as the bytes that travel on the wire.
///
/// A retry copy must carry the publisher's headers exactly as they came, unusual types and invalid UTF-8 included. So a
/// table is edited by cutting out and appending entries, never by decoding and encoding the others.
package struct FieldTable: Sendable, Hashable {
    /// The entries, without the four octets of length that precede a table on the wire.
    package private(set) var bytes: [UInt8]

    package init() { self.bytes = [] }

    /// Takes bytes from the wire as they are. Malformed bytes are found when entries are read.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    package init(_ pairs: [(String, FieldValue)]) {
        self.bytes = []
        for (name, value) in pairs { self.append(name, value) }
    }

    package var isEmpty: Bool { self.bytes.isEmpty }

    /// The value of the first entry with this name; `nil` when there is none or the table is malformed before it.
    package subscript(name: String) -> FieldValue? {
        var found: FieldValue?
        self.forEachEntry { entry in
            guard entry.name == name else { return true }
            found = entry.field.read(in: self.bytes)
            return false
        }
        return found
    }

    /// All readable entries, in their order.
    package var entries: [(name: String, value: FieldValue)] {
        var result: [(name: String, value: FieldValue)] = []
        self.forEachEntry { entry in
            if let value = entry.field.read(in: self.bytes) { result.append((entry.name, value)) }
            return true
        }
        return result
    }

    /// Sets an entry, replacing those of the same name.
    package mutating func set(_ name: String, _ value: FieldValue) {
        self.removeEntries { $0 == name }
        self.append(name, value)
    }

    /// Cuts out the entries whose name satisfies the condition; the others keep their bytes.
    package mutating func removeEntries(where condition: (String) -> Bool) {
        var kept: [UInt8] = []
        kept.reserveCapacity(self.bytes.count)
        self.forEachEntry { entry in
            if !condition(entry.name) { kept.append(contentsOf: self.bytes[entry.range]) }
            return true
        }
        self.bytes = kept
    }

    /// Names are AMQP short strings: at most 255 bytes, longer ones are cut.
    private mutating func append(_ name: String, _ value: FieldValue) {
        let name = name.prefix(bytes: 255).utf8
        self.bytes.append(UInt8(name.count))
        self.bytes.append(contentsOf: name)
        value.write(to: &self.bytes)
    }

    private struct Entry {
        let name: String
        let field: FieldScan.Field
        /// The positions of name and value, with their length prefixes.
        var range: Range<Int> { self.field.name.lowerBound - 1..<self.field.value.upperBound }
    }

    /// Calls `body` for each entry until it returns false, or the table ends or is malformed.
    private func forEachEntry(_ body: (Entry) -> Bool) {
        var scan = FieldScan(self.bytes, ByteRange(start: 0, count: self.bytes.count))
        while let field = scan.next() {
            let name = self.bytes.text(field.name) ?? ""
            guard body(Entry(name: name, field: field)) else { return }
        }
    }
}
