/// The media type in a content type: without parameters, and compared in any letter case. Space in front of it, which
/// some publishers copy from an HTTP header together with the value, is ignored.
///
/// Source: RFC 9110, sections 5.5 and 8.3.1.
package struct MediaType: Sendable, Hashable {
    /// In lower case.
    package let name: String

    package init(_ contentType: String) {
        let name = contentType.utf8.drop(while: Self.isSpace).prefix { !Self.endsName($0) }
        self.name = String(Substring(name)).lowercased()
    }

    /// Whether content of this type is JSON. Sources: RFC 6838, section 4.2.8 (`+json`); CloudEvents 1.0.2, JSON event
    /// format, section 3.1 (a subtype `json`).
    package var isJSON: Bool { self.name.hasSuffix("/json") || self.name.hasSuffix("+json") }

    private static func endsName(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ";") || self.isSpace(byte) }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

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
        var start = contentType.lowerBound
        while start < contentType.upperBound, self.isSpace(bytes[start]) { start += 1 }
        guard contentType.upperBound - start >= count else { return false }
        for index in 0..<count {
            let byte = bytes[start + index]
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            // The index is within the literal, which lives forever.
            guard (isCapital ? byte | 0x20 : byte) == self.envelope.utf8Start[index] else { return false }
        }
        return contentType.upperBound == start + count || self.endsName(bytes[start + count])
    }
}
