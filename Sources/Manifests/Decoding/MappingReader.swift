/// Reads the fields of one mapping, and reports every mistake at its own location.
///
/// A method that finds a mistake reports it and returns `nil` or a default, so decoding goes on to the next field. The
/// caller that builds the manifest drops it if anything was reported.
struct MappingReader {
    let location: SourceLocation
    let problems: ProblemCollector
    private let entries: [String: YAMLEntry]

    /// - Parameters:
    ///   - subject: what a message calls the mapping, such as "'retry'".
    ///   - allowed: the keys that the mapping may have; any other key is reported.
    /// - Returns: `nil`, after reporting it, if the value is not a mapping.
    init?(_ value: YAMLValue, subject: String, allowed: [String], problems: ProblemCollector) {
        switch value.content {
        case .refused:
            return nil
        case .scalar, .sequence:
            problems.report(
                "\(subject) must be a mapping, found \(value.kind)",
                at: value.location,
                remedy: "write keys with values, from: \(allowed.joined(separator: ", "))"
            )
            return nil
        case .mapping(let entries):
            self.entries = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
            for entry in entries where !allowed.contains(entry.key) {
                problems.report(
                    "unknown key \(entry.key.quoted) in \(subject)",
                    at: entry.location,
                    remedy: Spelling.suggestion(for: entry.key, among: allowed, label: "allowed keys")
                )
            }
        }
        self.location = value.location
        self.problems = problems
    }

    func entry(_ key: String) -> YAMLEntry? {
        self.entries[key]
    }

    /// The entry of a required key; `nil` if it is missing, which has been reported.
    func requiredEntry(_ key: String, example: String) -> YAMLEntry? {
        if let entry = self.entries[key] { return entry }
        self.problems.report("the key '\(key)' is missing", at: self.location, remedy: "add '\(key): \(example)'")
        return nil
    }

    /// Reads a text and checks it.
    ///
    /// - Parameter parse: makes the field's value; the error that it throws becomes the problem's text.
    func text<Value, Problem: FieldProblem>(
        _ entry: YAMLEntry?,
        parse: (String) throws(Problem) -> Value
    ) -> Value? {
        guard let entry, let text = self.text(of: entry.value, subject: "'\(entry.key)'") else { return nil }
        do throws(Problem) {
            return try parse(text)
        } catch {
            self.problems.report("'\(entry.key)': \(error)", at: entry.value.location, remedy: error.remedy)
            return nil
        }
    }

    /// The text of a scalar. A plain word that YAML takes for a number or a boolean must be quoted to count as text.
    func text(of value: YAMLValue, subject: String) -> String? {
        switch value.content {
        case .refused:
            return nil
        case .scalar(let scalar) where scalar.kind == .text:
            return scalar.text
        case .scalar(let scalar) where scalar.kind == .nothing:
            self.reportKind(of: value, subject: subject, expected: "a text", remedy: "write a value, or remove the key")
        case .scalar:
            self.reportKind(of: value, subject: subject, expected: "a text", remedy: "put it in quotes")
        case .sequence, .mapping:
            self.reportKind(of: value, subject: subject, expected: "a text", remedy: "write a single value")
        }
        return nil
    }

    /// Reads an absolute path of a file.
    ///
    /// - Returns: `nil` if it is wrong, which has been reported.
    func absolutePath(_ entry: YAMLEntry) -> String? {
        guard let path = self.text(of: entry.value, subject: "'\(entry.key)'") else { return nil }
        guard path.hasPrefix("/"), !path.unicodeScalars.contains("\0") else {
            self.problems.report(
                "'\(entry.key)' must be an absolute path",
                at: entry.value.location,
                remedy: "start it with '/': the host's working directory may be any"
            )
            return nil
        }
        return path
    }

    /// A reader for a nested mapping; `nil` if it is absent, or not a mapping, which has been reported.
    func mapping(_ key: String, allowed: [String]) -> MappingReader? {
        guard let entry = self.entries[key] else { return nil }
        return MappingReader(entry.value, subject: "'\(key)'", allowed: allowed, problems: self.problems)
    }

    func reportKind(of value: YAMLValue, subject: String, expected: String, remedy: String) {
        self.problems.report(
            "\(subject) must be \(expected), found \(value.kind)",
            at: value.location,
            remedy: remedy
        )
    }
}

/// A reason to refuse the text of a field, and how to correct it.
protocol FieldProblem: Error, CustomStringConvertible {
    var remedy: String { get }
}

extension ManifestName.Problem: FieldProblem {}
