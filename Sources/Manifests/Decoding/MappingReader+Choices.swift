extension MappingReader {
    /// Reads `true` or `false` and nothing else: readers of other YAML versions disagree about `yes`, `on` and `True`.
    ///
    /// - Returns: the default if the key is absent, or if the value is wrong and has been reported.
    func boolean(_ key: String, default standard: Bool) -> Bool {
        guard let entry = self.entry(key) else { return standard }
        switch entry.value.content {
        case .refused:
            break
        case .scalar(let scalar) where scalar.kind == .boolean:
            switch scalar.text {
            case "true": return true
            case "false": return false
            default:
                self.problems.report(
                    "'\(key)' must be true or false, found \(scalar.text.quoted)",
                    at: entry.value.location,
                    remedy: "write true or false"
                )
            }
        case .scalar(let scalar) where scalar.text == "true" || scalar.text == "false":
            self.reportKind(
                of: entry.value,
                subject: "'\(key)'",
                expected: "true or false",
                remedy: "remove the quotes"
            )
        case .scalar, .sequence, .mapping:
            self.reportKind(
                of: entry.value,
                subject: "'\(key)'",
                expected: "true or false",
                remedy: "write true or false"
            )
        }
        return standard
    }

    /// Reads one of the words that stand for the cases of an enumeration.
    ///
    /// - Returns: the default if the key is absent, or if the value is wrong and has been reported.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, default standard: Choice) -> Choice {
        guard let entry = self.entry(key) else { return standard }
        let words = Choice.allCases.map(\.rawValue)
        let expected = words.joined(separator: " or ")
        switch entry.value.content {
        case .refused:
            break
        case .scalar(let scalar) where scalar.kind == .text:
            if let choice = Choice(rawValue: scalar.text) { return choice }
            self.problems.report(
                "'\(key)' must be \(expected), found \(scalar.text.quoted)",
                at: entry.value.location,
                remedy: Spelling.suggestion(for: scalar.text, among: words, label: "allowed values")
            )
        case .scalar, .sequence, .mapping:
            self.reportKind(of: entry.value, subject: "'\(key)'", expected: expected, remedy: "write \(expected)")
        }
        return standard
    }
}
