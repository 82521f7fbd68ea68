/// Stand-ins for the characters that begin constructs which manifests refuse: anchors, aliases, tags and complex keys.
///
/// A document is parsed with each of these characters replaced by its stand-in, which the parser takes for ordinary
/// text. So the parser can neither build an alias nor expand anything, however the file is written, and line and column
/// numbers stay correct. Afterwards a plain scalar that starts with a stand-in is a refused construct at a known
/// location; all other scalars get their characters back. The stand-ins are private-use characters, which manifests may
/// not contain.
enum YAMLStandIns {
    /// What a stand-in at the start of a plain scalar means.
    enum Construct {
        case anchor
        case alias
        case tag
        case complexKey

        var what: String {
            switch self {
            case .anchor: "anchors are refused"
            case .alias: "aliases are refused"
            case .tag: "tags are refused"
            case .complexKey: "complex keys are refused"
            }
        }

        var remedy: String {
            switch self {
            case .anchor: "remove it; a text that starts with '&' needs quotes"
            case .alias: "write the value out; a text that starts with '*', such as a routing key, needs quotes"
            case .tag: "remove it; a text that starts with '!' needs quotes"
            case .complexKey: "write the key directly, without '?'"
            }
        }
    }

    private static let table: [(original: Unicode.Scalar, standIn: Unicode.Scalar, construct: Construct)] = [
        ("&", "\u{10FF01}", .anchor),
        ("*", "\u{10FF02}", .alias),
        ("!", "\u{10FF03}", .tag),
        ("?", "\u{10FF04}", .complexKey),
    ]
    private static let firstMark: UInt32 = 0x10_FE00

    /// The number of available marks.
    static let markCount = 16

    /// Whether a scalar of a file could be taken for a stand-in or a mark; such files are refused.
    static func isReserved(_ scalar: Unicode.Scalar) -> Bool {
        (self.firstMark...0x10_FFFF).contains(scalar.value)
    }

    static func hide(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.map { scalar in self.table.first { $0.original == scalar }?.standIn ?? scalar }
    }

    static func reveal(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(self.table.first { $0.standIn == scalar }?.original ?? scalar)
        }
        return result
    }

    /// The construct that starts with this stand-in.
    static func construct(startingWith scalar: Unicode.Scalar?) -> Construct? {
        self.table.first { $0.standIn == scalar }?.construct
    }

    /// The mark with this number. It replaces the first character of a key that is written again later, so that the
    /// parser, which stops at the first duplicate, goes on.
    static func mark(_ number: Int) -> Unicode.Scalar? {
        Unicode.Scalar(self.firstMark + UInt32(number))
    }

    /// The number of a mark; `nil` for any other character.
    static func number(ofMark scalar: Unicode.Scalar?) -> Int? {
        guard let scalar, scalar.value >= self.firstMark else { return nil }
        let number = Int(scalar.value - self.firstMark)
        return number < self.markCount ? number : nil
    }
}
