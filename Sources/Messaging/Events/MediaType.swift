/// The media type in a content type: without parameters, and compared in any letter case.
///
/// Source: RFC 9110, section 8.3.1.
package struct MediaType: Sendable, Hashable {
    /// In lower case.
    package let name: String

    package init(_ contentType: String) {
        let name = contentType.utf8.prefix { !Self.endsName($0) }
        self.name = String(Substring(name)).lowercased()
    }

    /// Whether content of this type is JSON. Sources: RFC 6838, section 4.2.8 (`+json`); CloudEvents 1.0.2, JSON event
    /// format, section 3.1 (a subtype `json`).
    package var isJSON: Bool { self.name.hasSuffix("/json") || self.name.hasSuffix("+json") }

    private static func endsName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private static let envelope: StaticString = "application/cloudevents+json"

    /// Whether a content type is that of an event in structured mode.
    package static func isEnvelope(_ contentType: String) -> Bool {
        let bytes = Array(contentType.utf8)
        return self.isEnvelope(ByteRange(start: 0, count: bytes.count), in: bytes)
    }

    /// The same for a property or header. It is called for every delivery, so nothing is copied.
    package static func isEnvelope(_ contentType: ByteRange, in bytes: [UInt8]) -> Bool {
        let count = self.envelope.utf8CodeUnitCount
        guard Int(contentType.count) >= count, contentType.isPresent else { return false }
        for index in 0..<count {
            let byte = bytes[contentType.lowerBound + index]
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            // The index is within the literal, which lives forever.
            guard (isCapital ? byte | 0x20 : byte) == self.envelope.utf8Start[index] else { return false }
        }
        return Int(contentType.count) == count || self.endsName(bytes[contentType.lowerBound + count])
    }
}
