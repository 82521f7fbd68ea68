/// Reads a value that may be a secret: a text, `{ fromEnv: NAME }` or `{ fromFile: /path }`. Its messages never show a
/// value.
struct ValueSourceDecoder {
    private static let sourceKeys = ["fromEnv", "fromFile"]

    let problems: ProblemCollector

    /// - Parameter subject: what a message calls the field, such as "'secret'".
    /// - Returns: `nil` if the value is wrong, which has been reported.
    func decode(_ value: YAMLValue, subject: String) -> ValueSource? {
        switch value.content {
        case .refused:
            return nil
        case .scalar(let scalar):
            return self.literal(scalar, at: value.location, subject)
        case .sequence:
            self.problems.report(
                "the value of \(subject) must be a single value, found a list",
                at: value.location,
                remedy: "write a text, or { fromEnv: NAME }, or { fromFile: /path }"
            )
            return nil
        case .mapping:
            return self.source(value, subject)
        }
    }

    private func literal(_ scalar: YAMLScalar, at location: SourceLocation, _ subject: String) -> ValueSource? {
        if scalar.kind == .nothing {
            self.problems.report(
                "\(subject) has no value",
                at: location,
                remedy: "write \"\" for an empty text, or remove the variable"
            )
            return nil
        }
        if scalar.text.unicodeScalars.contains("\0") {
            self.problems.report(
                "the value of \(subject) contains the character NUL, which no environment can hold",
                at: location,
                remedy: "remove the escape \\0"
            )
            return nil
        }
        return .literal(scalar.text)
    }

    private func source(_ value: YAMLValue, _ subject: String) -> ValueSource? {
        guard
            let reader = MappingReader(
                value,
                subject: "the value of \(subject)",
                allowed: Self.sourceKeys,
                problems: self.problems
            )
        else { return nil }
        switch (reader.entry("fromEnv"), reader.entry("fromFile")) {
        case (let name?, nil):
            return self.fromEnvironment(name, in: reader)
        case (nil, let path?):
            return reader.absolutePath(path).map(ValueSource.fromFile)
        case (nil, nil), (_?, _?):
            self.problems.report(
                "the value of \(subject) needs exactly one of fromEnv and fromFile",
                at: value.location,
                remedy: "write { fromEnv: NAME } or { fromFile: /path }"
            )
            return nil
        }
    }

    private func fromEnvironment(_ entry: YAMLEntry, in reader: MappingReader) -> ValueSource? {
        guard let name = reader.text(of: entry.value, subject: "'fromEnv'") else { return nil }
        guard Self.isVariableName(name) else {
            self.problems.report(
                "'fromEnv' must be the name of an environment variable",
                at: entry.value.location,
                remedy: "use letters, digits and '_', and do not start with a digit"
            )
            return nil
        }
        return .fromEnvironment(name)
    }

    /// Whether the text may name an environment variable. Source: POSIX.1-2017, Base Definitions, section 8.1, with
    /// lower-case letters too.
    static func isVariableName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "A"..."Z", "a"..."z", "0"..."9", "_": true
            default: false
            }
        }
    }
}
