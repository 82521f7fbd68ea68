/// Text inside a JSON string, between its quotes. Source: RFC 8259, section 7.
package enum JSONText {
    /// Appends the text with the necessary escapes.
    package static func append(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: #"\\"#.utf8)
            case 0x0a: output.append(contentsOf: #"\n"#.utf8)
            case 0x0d: output.append(contentsOf: #"\r"#.utf8)
            case 0x09: output.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20: output.append(contentsOf: "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
            default: output.append(byte)
            }
        }
    }

    /// Appends the text as a JSON string, with its quotes.
    package static func appendString(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        self.append(text, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    /// The text that the bytes between the quotes stand for. Invalid escapes become U+FFFD.
    package static func unescaped(_ written: ArraySlice<UInt8>) -> String {
        guard written.contains(UInt8(ascii: "\\")) else { return String(decoding: written, as: UTF8.self) }
        return String(decoding: self.units(written), as: UTF16.self)
    }

    /// Like `unescaped`, but `nil` when the text is not Unicode: bytes that are not UTF-8, or half of a surrogate pair
    /// (RFC 8259, section 8.2).
    package static func valid(_ written: ArraySlice<UInt8>) -> String? {
        guard let text = String(validating: written, as: UTF8.self) else { return nil }
        guard written.contains(UInt8(ascii: "\\")) else { return text }
        return String(validating: self.units(written), as: UTF16.self)
    }

    private static func units(_ written: ArraySlice<UInt8>) -> [UInt16] {
        var units: [UInt16] = []
        var rest = written
        while let byte = rest.first {
            guard byte == UInt8(ascii: "\\") else {
                let plain = rest.prefix { $0 != UInt8(ascii: "\\") }
                units.append(contentsOf: String(decoding: plain, as: UTF8.self).utf16)
                rest = rest[plain.endIndex...]
                continue
            }
            rest = rest.dropFirst()
            switch rest.popFirst() {
            case UInt8(ascii: "u"):
                let digits = rest.prefix(4)
                let isWhole = digits.count == 4 && digits.allSatisfy(\.isHexadecimalDigit)
                units.append(isWhole ? UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xfffd : 0xfffd)
                rest = rest.dropFirst(4)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0c)
            case UInt8(ascii: "n"): units.append(0x0a)
            case UInt8(ascii: "r"): units.append(0x0d)
            case UInt8(ascii: "t"): units.append(0x09)
            case let same? where "\"\\/".utf8.contains(same): units.append(UInt16(same))
            case _?: units.append(0xfffd)
            case nil: break
            }
        }
        return units
    }
}
