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
        /// Two dots in a row, or a dot at an end: no event has such a routing key.
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
    private let words: [Word]

    /// Words are compared byte by byte, as the broker does; Swift's `String` would treat differently composed letters
    /// as equal.
    private typealias Word = ArraySlice<UInt8>

    package init(_ text: String) throws(Problem) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= 255 else { throw .tooLong(bytes: text.utf8.count) }
        let words = Self.split(text)
        for (index, word) in words.enumerated() {
            guard !word.isEmpty else { throw .emptyWord(position: index + 1) }
            if word.count > 1, word.contains(UInt8(ascii: "*")) || word.contains(UInt8(ascii: "#")) {
                throw .wildcardInsideWord(String(decoding: word, as: UTF8.self))
            }
        }
        self.description = text
        self.words = words
    }

    /// The words of a routing key; an empty key has none.
    private static func split(_ key: String) -> [Word] {
        key.isEmpty ? [] : Array(key.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    }

    /// Whether the broker would route an event with this key through a binding with this pattern.
    ///
    /// When words do not fit, only the last `#` takes one more word: going back to an earlier `#` cannot help, because
    /// the last one can take whatever the earlier one left. So the work is bounded by words times words.
    package func matches(_ key: String) -> Bool {
        let keyWords = Self.split(key)
        var at = 0
        var taken = 0
        var lastHash: (position: Int, swallowed: Int)?
        while taken < keyWords.count {
            if at < self.words.count, self.words[at].elementsEqual("#".utf8) {
                lastHash = (at, taken)
                at += 1
            } else if at < self.words.count,
                self.words[at].elementsEqual("*".utf8) || self.words[at] == keyWords[taken]
            {
                at += 1
                taken += 1
            } else if let hash = lastHash {
                lastHash = (hash.position, hash.swallowed + 1)
                at = hash.position + 1
                taken = hash.swallowed + 1
            } else {
                return false
            }
        }
        return self.words[at...].allSatisfy { $0.elementsEqual("#".utf8) }
    }

    package static func == (one: Self, other: Self) -> Bool { one.words == other.words }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.words) }
}
