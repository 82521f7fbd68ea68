package import Messaging

/// A request body with placeholders for parts of the event: JSON with `{{ payload.order.id }}` in it. It is never
/// executed.
///
/// Where JSON allows a value, the placeholder is replaced by the event's value, of any kind; inside a string it is
/// replaced by the value's text, escaped. If the event does not have the value, it is undecodable for this endpoint,
/// unless the placeholder ends in `?`: then `null` is written, or an empty text inside a string.
package struct PayloadTemplate: Sendable, Equatable {
    /// Parts of an event outside its payload, by their names in CloudEvents; `key` is the routing key.
    package enum Attribute: String, Sendable, CaseIterable {
        case id
        case type
        case source
        case subject
        case time
        case key
        case correlationID = "correlationid"
        case causationID = "causationid"
    }

    package enum Reference: Sendable, Equatable {
        case payload([JSONScanner.Step])
        case attribute(Attribute)
    }

    package struct Placeholder: Sendable, Equatable {
        package let reference: Reference
        /// As it is written, for messages.
        package let text: String
        /// Whether it is inside a string.
        package let isInString: Bool
        package let isOptional: Bool
    }

    package enum Segment: Sendable, Equatable {
        case literal([UInt8])
        case placeholder(Placeholder)
    }

    package enum Problem: Error, Equatable, CustomStringConvertible {
        case unclosed
        case reference(String)
        case notJSON(line: Int)

        package var description: String {
            switch self {
            case .unclosed: "a '{{' has no '}}' behind it"
            case .reference(let text): "\(text.quoted) is not part of an event"
            case .notJSON(let line): "it is not JSON when its placeholders are filled in (line \(line) of the template)"
            }
        }

        var remedy: String {
            switch self {
            case .unclosed: "write it as in {{ payload.order.id }}"
            case .reference:
                "write payload, a path such as payload.order.id or payload.items.0, or one of "
                    + Attribute.allCases.map(\.rawValue).joined(separator: ", ")
            case .notJSON: "write JSON, and a placeholder where a value may stand or inside a string"
            }
        }
    }

    package let segments: [Segment]

    package init(_ text: String) throws(Problem) {
        var segments: [Segment] = []
        /// The template with a stand-in for every placeholder, to be checked as JSON.
        var sample: [UInt8] = []
        var literal: [UInt8] = []
        var isInString = false
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "{"), rest.first == UInt8(ascii: "{") else {
                literal.append(byte)
                sample.append(byte)
                if byte == UInt8(ascii: "\"") { isInString.toggle() }
                if byte == UInt8(ascii: "\\"), isInString, let escaped = rest.popFirst() {
                    literal.append(escaped)
                    sample.append(escaped)
                }
                continue
            }
            guard let end = Self.end(of: rest) else { throw .unclosed }
            let inner = rest[(rest.startIndex + 1)..<end]
            rest = rest[(end + 2)...]
            if !literal.isEmpty { segments.append(.literal(literal)) }
            literal = []
            segments.append(.placeholder(try Self.placeholder(inner, isInString)))
            // Inside a string the stand-in is a character that cannot continue an escape.
            sample.append(contentsOf: isInString ? "-".utf8 : "null".utf8)
        }
        if !literal.isEmpty { segments.append(.literal(literal)) }
        do throws(JSONScanner.Malformed) {
            try JSONScanner.check(sample[...])
        } catch {
            throw .notJSON(line: 1 + sample.prefix(error.offset).count { $0 == 0x0a })
        }
        self.segments = segments
    }

    private static func end(of rest: ArraySlice<UInt8>) -> Int? {
        rest.indices.dropLast().first {
            $0 > rest.startIndex && rest[$0] == UInt8(ascii: "}") && rest[$0 + 1] == UInt8(ascii: "}")
        }
    }

    private static func placeholder(_ inner: ArraySlice<UInt8>, _ isInString: Bool) throws(Problem) -> Placeholder {
        let text = String(decoding: inner, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let isOptional = text.hasSuffix("?")
        let path = isOptional ? text.dropLast() : text[...]
        let words = path.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = words.first, words.allSatisfy(Self.isWord) else { throw .reference(text) }
        let reference: Reference
        if first == "payload" {
            reference = .payload(words.dropFirst().map(self.step))
        } else if words.count == 1, let attribute = Attribute(rawValue: String(first)) {
            reference = .attribute(attribute)
        } else {
            throw .reference(text)
        }
        return Placeholder(reference: reference, text: text, isInString: isInString, isOptional: isOptional)
    }

    private static func step(_ word: Substring) -> JSONScanner.Step {
        let isNumber = word.utf8.allSatisfy(\.isDecimalDigit)
        return (isNumber ? Int(word) : nil).map { .element($0) } ?? .member(String(word))
    }

    private static func isWord(_ word: Substring) -> Bool {
        !word.isEmpty
            && word.unicodeScalars.allSatisfy {
                $0 == "_" || $0 == "-" || $0.properties.isAlphabetic || ("0"..."9").contains($0)
            }
    }
}
