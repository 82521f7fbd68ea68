/// Percent-encoding, in which a path carries a URL, another path or a header's value (RFC 3986, section 2.1).
enum PercentEncoding {
    /// Nil when a `%` is not followed by two hexadecimal digits.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var left = Array(text.utf8)[...]
        while let byte = left.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = left.prefix(2)
            let isNumber = digits.count == 2 && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
            guard isNumber, let number = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
            bytes.append(number)
            left = left.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
