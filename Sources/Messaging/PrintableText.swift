/// Text from outside, made fit for a terminal and for a log: a publisher, an endpoint or a function must not move the
/// cursor, turn the direction of writing, or forge a line.
///
/// Escaped are the control characters of ASCII and of ISO 6429 (C0, DEL, C1: the latter begin commands of terminals,
/// too), the marks that change the direction of writing (Unicode Standard Annex 9, section 2), and the separators of
/// lines and paragraphs.
package enum PrintableText {
    /// On one line.
    package static func line(_ text: String) -> String { self.escaped(text, isKept: { _ in false }) }

    /// On as many lines as it has, each but the first indented, so that none can be taken for a line of somebody
    /// else's.
    package static func block(_ text: String, indent: String) -> String {
        self.escaped(text) { $0 == "\n" || $0 == "\t" }.replacing("\n", with: "\n" + indent)
    }

    /// As one word of a line of `key=value` pairs: in quotes where it could be taken for several, and then with `\"`
    /// and `\\` for the quotes and backslashes in it.
    package static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar != "\"" && scalar != "=" && !scalar.properties.isWhitespace && !self.isUnprintable(scalar)
            }
        guard !isPlain else { return text }
        let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(self.line(quoted))\""
    }

    /// Text of JSON, whose strings may hold all but C0 as they are: with JSON's own escapes.
    package static func json(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: self.isUnprintable) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            // C0 stands only between the values, where it means nothing.
            if self.isUnprintable(scalar), scalar.value >= 0x7f {
                let digits = String(scalar.value, radix: 16)
                output.append(
                    contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
                )
            } else {
                output.append(scalar)
            }
        }
        return String(output)
    }

    private static func escaped(_ text: String, isKept: (Unicode.Scalar) -> Bool) -> String {
        guard text.unicodeScalars.contains(where: self.isUnprintable) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard self.isUnprintable(scalar), !isKept(scalar) else {
                output.append(scalar)
                continue
            }
            switch scalar {
            case "\n": output.append(contentsOf: "\\n".unicodeScalars)
            case "\r": output.append(contentsOf: "\\r".unicodeScalars)
            case "\t": output.append(contentsOf: "\\t".unicodeScalars)
            default: output.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            }
        }
        return String(output)
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f...0x9f: true
        case 0x061c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
