extension MappingReader {
    /// A whole number in plain decimal digits. Nothing else is taken: no exponent, fraction, sign of plus, leading
    /// zero, underscore or other base, because YAML versions disagree about their value.
    ///
    /// - Returns: the default if the key is absent, or if the value is wrong and has been reported.
    func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let entry = self.entry(key) else { return standard }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = self.number(entry, expected: expected) else { return standard }
        let isWhole = Self.isWhole(text.hasPrefix("-") ? text.dropFirst() : text[...])
        guard isWhole, let value = Int(text), range.contains(value) else {
            self.problems.report(
                "'\(key)' must be \(expected), found \(text.quoted)",
                at: entry.value.location,
                remedy: "write plain digits, such as \(standard)"
            )
            return standard
        }
        return value
    }

    /// A number in decimal notation, with or without a fraction, as strict as `integer`.
    func decimal(_ key: String, in range: ClosedRange<Double>, default standard: Double) -> Double {
        guard let entry = self.entry(key) else { return standard }
        let expected = "a number from \(Self.format(range.lowerBound)) to \(Self.format(range.upperBound))"
        guard let text = self.number(entry, expected: expected) else { return standard }
        guard Self.isDecimal(text), let value = Double(text), range.contains(value) else {
            self.problems.report(
                "'\(key)' must be \(expected), found \(text.quoted)",
                at: entry.value.location,
                remedy: "write plain digits, such as \(Self.format(standard))"
            )
            return standard
        }
        return value
    }

    /// A duration of more than nothing and at most `longest`.
    ///
    /// - Parameter reason: why no longer one is taken, as the end of a message.
    func duration(
        _ key: String,
        atMost longest: Duration,
        because reason: String,
        default standard: Duration
    ) -> Duration {
        guard let entry = self.entry(key) else { return standard }
        guard let text = self.durationText(entry) else { return standard }
        let duration: Duration
        do throws(ManifestDuration.Problem) {
            duration = try ManifestDuration.parse(text)
        } catch {
            self.problems.report(
                "'\(key)': \(error)",
                at: entry.value.location,
                remedy: "write it as \(ManifestDuration.examples)"
            )
            return standard
        }
        guard duration > .zero else {
            self.problems.report(
                "'\(key)' must be longer than nothing",
                at: entry.value.location,
                remedy: "write a duration such as \(ManifestDuration.format(standard))"
            )
            return standard
        }
        guard duration <= longest else {
            self.problems.report(
                "'\(key)' is \(text), and at most \(ManifestDuration.format(longest)) is possible: \(reason)",
                at: entry.value.location,
                remedy: "shorten it"
            )
            return standard
        }
        return duration
    }

    private func durationText(_ entry: YAMLEntry) -> String? {
        // A bare number is a duration without its unit, and gets the message that says so.
        if case .scalar(let scalar) = entry.value.content, scalar.kind == .number { return scalar.text }
        guard case .scalar(let scalar) = entry.value.content, scalar.kind == .text else {
            if case .refused = entry.value.content { return nil }
            self.reportKind(
                of: entry.value,
                subject: "'\(entry.key)'",
                expected: "a duration",
                remedy: "write it as \(ManifestDuration.examples)"
            )
            return nil
        }
        return scalar.text
    }

    private func number(_ entry: YAMLEntry, expected: String) -> String? {
        switch entry.value.content {
        case .refused:
            return nil
        case .scalar(let scalar) where scalar.kind == .number:
            return scalar.text
        case .scalar(let scalar) where scalar.kind == .text && Self.isDecimal(scalar.text):
            self.reportKind(
                of: entry.value,
                subject: "'\(entry.key)'",
                expected: expected,
                remedy: "remove the quotes"
            )
            return nil
        case .scalar, .sequence, .mapping:
            self.reportKind(
                of: entry.value,
                subject: "'\(entry.key)'",
                expected: expected,
                remedy: "write plain digits"
            )
            return nil
        }
    }

    private static func isWhole(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return false }
        return text == "0" || !text.hasPrefix("0")
    }

    private static func isDecimal(_ text: String) -> Bool {
        let parts = (text.hasPrefix("-") ? text.dropFirst() : text[...])
            .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, self.isWhole(whole) else { return false }
        guard parts.count == 2 else { return true }
        return !parts[1].isEmpty && parts[1].allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// 2 rather than 2.0: as a user would write it.
    private static func format(_ number: Double) -> String {
        if let whole = Int(exactly: number) { return "\(whole)" }
        return "\(number)"
    }
}
