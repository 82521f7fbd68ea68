/// Encodes an event attribute as a header value, or as an id that can be signed.
enum AttributeEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Percent-encodes what a header cannot hold. Source: CloudEvents HTTP binding 1.0.2, section 3.1.3.2.
    static func header(_ text: String) -> String {
        self.encode(text) { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "%") }
    }

    /// Encodes like `header(_:)`, and encodes dots, too. A signature covers `id.timestamp.body`, so an id that contains
    /// a dot could be read as another id with another timestamp. Ids of plain characters, such as UUIDs, stay as they
    /// are.
    static func id(_ text: String) -> String {
        self.encode(text) {
            (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: ".")
        }
    }

    private static func encode(_ text: String, isPlain: (UInt8) -> Bool) -> String {
        guard !text.utf8.allSatisfy(isPlain) else { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes.append(contentsOf: [UInt8(ascii: "%"), self.digits[Int(byte >> 4)], self.digits[Int(byte & 15)]])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
