/// Checks a file's characters before it is parsed.
enum YAMLText {
    /// Decodes UTF-8.
    ///
    /// - Returns: the text; `nil` after reporting the location of the first invalid byte.
    static func decode(_ bytes: [UInt8], problems: ProblemCollector) -> [Unicode.Scalar]? {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(bytes.count)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                scalars.append(scalar)
            case .emptyInput:
                return scalars
            case .error:
                problems.report(
                    "the file is not valid UTF-8",
                    at: self.location(after: scalars, in: problems.file),
                    remedy: "save it as UTF-8"
                )
                return nil
            }
        }
    }

    /// Reports the first character that YAML does not allow, or that is reserved for the parser's own use.
    ///
    /// Source: YAML 1.2.2, section 5.1 (`c-printable`).
    static func check(_ text: [Unicode.Scalar], problems: ProblemCollector) -> Bool {
        guard let index = text.firstIndex(where: { !self.isAllowed($0) }) else { return true }
        let hex = String(text[index].value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        problems.report(
            "the character \(code) is not allowed in a manifest",
            at: self.location(after: text[..<index], in: problems.file),
            remedy: "remove it, or write it as an escape between double quotes"
        )
        return false
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
        case 0x10000...0x10_FFFF: !YAMLStandIns.isReserved(scalar)
        default: false
        }
    }

    private static func location(after text: some Collection<Unicode.Scalar>, in file: String) -> SourceLocation {
        let (line, column) = YAMLDocument.position(after: text)
        return SourceLocation(file: file, line: line, column: column)
    }
}
