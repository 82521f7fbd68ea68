/// Makes untrusted text safe for a terminal and for a log: a publisher, an endpoint or a function must not move the
/// cursor, change the direction of writing, or forge a line.
///
/// It escapes the control characters of ASCII and of ISO 6429 (C0, DEL, and C1, which also begin terminal commands),
/// the marks that change the direction of writing (Unicode Standard Annex 9, section 2), and the separators of lines
/// and paragraphs.
package enum PrintableText {
    /// The text on one line.
    package static func line(_ text: String) -> String { self.escaped(text, isKept: { _ in false }) }

    /// The text on its own lines, all but the first indented, so that none of them can be taken for a line of another
    /// source.
    package static func block(_ text: String, indent: String) -> String {
        self.escaped(text) { $0 == "\n" || $0 == "\t" }.replacing("\n", with: "\n" + indent)
    }

    /// The text as one word of a line of `key=value` pairs. A text that could be taken for several words is put in
    /// quotes, with `\"` and `\\` for its quotes and backslashes.
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

    /// JSON text, with JSON's escapes for the unprintable characters. (JSON strings may hold all of these but C0 as
    /// they are.)
    package static func json(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: self.isUnprintable) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            // C0 characters stand only between the values, where they mean nothing.
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
