/// The pattern of a topic binding: words joined by dots, where `*` stands for exactly one word and `#` for any
/// number of words, none included.
///
/// Source: AMQP 0-9-1, section 3.1.3.3 (the topic exchange type).
package struct RoutingPattern: Sendable, Hashable, CustomStringConvertible {
    /// Why a text is not a usable pattern.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case empty
        /// Longer than the 255 bytes of an AMQP short string.
        case tooLong(bytes: Int)
        /// Two dots in a row, or a dot at an end: no event's key is ever written like that.
        case emptyWord(position: Int)
        /// `*` or `#` inside a longer word is an ordinary character to the broker, and a mistake by the author.
        case wildcardInsideWord(String)

        package var description: String {
            switch self {
            case .empty: "the routing pattern is empty"
            case .tooLong(let bytes): "the routing pattern has \(bytes) bytes, and AMQP allows 255"
            case .emptyWord(let position): "word \(position) of the routing pattern is empty"
            case .wildcardInsideWord(let word): "'\(word)' mixes a wildcard with other characters"
            }
        }
    }

    package let description: String
    private let words: [Substring]

    package init(_ text: String) throws(Problem) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= 255 else { throw .tooLong(bytes: text.utf8.count) }
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        for (index, word) in words.enumerated() {
            guard !word.isEmpty else { throw .emptyWord(position: index + 1) }
            if word.count > 1, word.contains("*") || word.contains("#") { throw .wildcardInsideWord(String(word)) }
        }
        self.description = text
        self.words = words
    }

    /// Whether the broker would route an event with this key through a binding with this pattern.
    package func matches(_ key: String) -> Bool {
        Self.matches(self.words[...], key.split(separator: ".", omittingEmptySubsequences: false)[...])
    }

    private static func matches(_ pattern: ArraySlice<Substring>, _ key: ArraySlice<Substring>) -> Bool {
        guard let word = pattern.first else { return key.isEmpty }
        let rest = pattern.dropFirst()
        switch word {
        case "#":
            if rest.isEmpty { return true }
            return (0...key.count).contains { self.matches(rest, key.dropFirst($0)) }
        case "*":
            return !key.isEmpty && self.matches(rest, key.dropFirst())
        default:
            return key.first == word && self.matches(rest, key.dropFirst())
        }
    }

    package static func == (one: Self, other: Self) -> Bool { one.description == other.description }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.description) }
}
