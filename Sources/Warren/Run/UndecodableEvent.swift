/// Why an event's payload cannot be decoded to the function's type, in one line that names the path.
struct UndecodableEvent: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }

    /// For example `payload.items[2].price: expected Double, found a string`.
    init(_ error: DecodingError, at root: String, contentType: String) {
        switch error {
        case .typeMismatch(let type, let context):
            let found = Self.found(context.debugDescription)
            self.init("\(Self.path(root, context)): expected \(Self.name(type))\(found.map { ", found \($0)" } ?? "")")
        case .valueNotFound(let type, let context):
            self.init("\(Self.path(root, context)): expected \(Self.name(type)), found null")
        case .keyNotFound(let key, let context):
            self.init("\(Self.path(root, context, and: key)): missing")
        case .dataCorrupted(let context):
            let place = Self.path(root, context)
            let isJSON = contentType.isEmpty || contentType.lowercased().contains("json")
            let hint = isJSON ? "" : " (the content type is \(contentType), and JSON was expected)"
            let words = Self.words(of: context)
            self.init("\(place): \(words)\(Self.place(of: context.underlyingError))\(hint)")
        @unknown default:
            self.init("\(root): \(error)")
        }
    }

    /// For a container that a type asks for, Foundation names a collection that appears nowhere in anybody's code.
    private static func name(_ type: any Any.Type) -> String {
        if type == [String: Any].self { return "an object" }
        if type == [Any].self { return "an array" }
        return "\(type)"
    }

    /// Foundation's description of a value inside the payload quotes the value, which must not leave the payload.
    /// Descriptions of the whole payload do not, and neither do those that say what was expected, as Warren's own do.
    private static func words(of context: DecodingError.Context) -> String {
        let words = context.debugDescription
        let isSafe = context.codingPath.isEmpty || words.hasPrefix("expected ")
        return isSafe ? words : "the value is not one that is allowed here"
    }

    private static func path(
        _ root: String,
        _ context: DecodingError.Context,
        and key: (any CodingKey)? = nil
    ) -> String {
        var path = root
        for key in context.codingPath + (key.map { [$0] } ?? []) {
            if let index = key.intValue { path += "[\(index)]" } else { path += ".\(key.stringValue)" }
        }
        return path
    }

    /// Foundation names what it found only in a sentence: "Expected to decode X but found Y instead."
    private static func found(_ sentence: String) -> String? {
        guard let but = sentence.firstRange(of: " but found "), let end = sentence.firstRange(of: " instead"),
            but.upperBound < end.lowerBound
        else { return nil }
        return String(sentence[but.upperBound..<end.lowerBound])
    }

    /// The position of the JSON error, which Foundation gives only in the underlying error.
    private static func place(of error: (any Error)?) -> String {
        guard let error else { return "" }
        let text = "\(error)"
        guard let around = text.firstRange(of: "around line ") else { return "" }
        return " (\(text[around.lowerBound...].prefix { $0 != "." && $0 != "\"" && $0 != "\n" }))"
    }
}
