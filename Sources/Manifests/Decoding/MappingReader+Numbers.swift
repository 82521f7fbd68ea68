extension MappingReader {
    /// Reads a whole number in plain decimal digits. It refuses everything else: an exponent, a fraction, a plus sign,
    /// a leading zero, an underscore or another base, because YAML versions disagree about their value.
    ///
    /// - Returns: `nil` if the key is absent, or if the value is wrong and has been reported.
    func integer(_ key: String, in range: ClosedRange<Int>, example: Int) -> Int? {
        guard let entry = self.entry(key) else { return nil }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = self.number(entry, expected: expected) else { return nil }
        let isWhole = Self.isWhole(text.hasPrefix("-") ? text.dropFirst() : text[...])
        guard isWhole, let value = Int(text), range.contains(value) else {
            self.problems.report(
                "'\(key)' must be \(expected), found \(text.quoted)",
                at: entry.value.location,
                remedy: "write plain digits, such as \(example)"
            )
            return nil
        }
        return value
    }

    /// Like the method above, with a default for a key that is absent or wrong.
    func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        self.integer(key, in: range, example: standard) ?? standard
    }

    /// Reads a number in decimal notation, with or without a fraction, as strictly as `integer`.
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

    /// The text of a number with a unit; `nil` if it is wrong, which has been reported.
    func textWithUnit(_ entry: YAMLEntry, expected: String, remedy: String) -> String? {
        switch entry.value.content {
        case .refused:
            return nil
        // A bare number lacks its unit; the caller's parser reports that.
        case .scalar(let scalar) where scalar.kind == .number || scalar.kind == .text:
            return scalar.text
        case .scalar, .sequence, .mapping:
            self.reportKind(of: entry.value, subject: "'\(entry.key)'", expected: expected, remedy: remedy)
            return nil
        }
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

    /// Writes 2 rather than 2.0, as a user would.
    private static func format(_ number: Double) -> String {
        if let whole = Int(exactly: number) { return "\(whole)" }
        return "\(number)"
    }
}
