/// The text of one document of a file.
///
/// Each document is parsed on its own, so that a mistake in one does not hide mistakes in the others.
struct YAMLDocument {
    /// The line of the file, counted from 0, on which the text starts.
    let firstLine: Int
    var text: [Unicode.Scalar]

    /// Cuts a file's text at its document markers.
    ///
    /// A line that starts with `---` or `...` is always a marker: no scalar of any style may contain one. Source:
    /// YAML 1.2.2, section 9.1.2 (`c-forbidden`).
    ///
    /// - Returns: the documents, and the lines (counted from 0) that hold directives: `%YAML` and `%TAG` are not
    ///   allowed in manifests.
    static func split(_ text: [Unicode.Scalar]) -> (documents: [Self], directives: [Int]) {
        var documents: [Self] = []
        var directives: [Int] = []
        var current = Self(firstLine: 0, text: [])
        var isBeforeContent = true
        var start = text.startIndex
        var number = 0
        while start < text.endIndex {
            let end = self.endOfLine(in: text, from: start)
            let line = text[start..<end]
            if isBeforeContent, line.first == "%" {
                directives.append(number)
                // An empty line replaces it, so that all other lines keep their numbers.
                current.text.append("\n")
            } else if self.isMarker("-", line) {
                if !isBeforeContent { documents.append(current) }
                current = Self(firstLine: number, text: Array(line))
                isBeforeContent = false
            } else if self.isMarker(".", line) {
                documents.append(current)
                current = Self(firstLine: number + 1, text: [])
                isBeforeContent = true
            } else {
                current.text += line
                if isBeforeContent { isBeforeContent = self.isBlankOrComment(line) }
            }
            start = end
            number += 1
        }
        documents.append(current)
        return (documents, directives)
    }

    /// Whether a scalar ends a line. Source: YAML 1.1, section 4.1.4, which has three more line breaks than YAML 1.2.
    /// The parser follows YAML 1.1, and the line numbers must agree with the parser's.
    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }

    /// The index after the break that ends the line; a carriage return and a line feed are one break.
    private static func endOfLine(in text: [Unicode.Scalar], from start: Int) -> Int {
        var index = start
        while index < text.endIndex, !self.isBreak(text[index]) { index += 1 }
        guard index < text.endIndex else { return index }
        if text[index] == "\r", index + 1 < text.endIndex, text[index + 1] == "\n" { return index + 2 }
        return index + 1
    }

    private static func isMarker(_ character: Unicode.Scalar, _ line: ArraySlice<Unicode.Scalar>) -> Bool {
        guard line.count >= 3, line.prefix(3).allSatisfy({ $0 == character }) else { return false }
        guard let next = line.dropFirst(3).first else { return true }
        return next == " " || next == "\t" || self.isBreak(next)
    }

    private static func isBlankOrComment(_ line: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = line.first(where: { $0 != " " && $0 != "\t" }) else { return true }
        return first == "#" || self.isBreak(first)
    }

    /// The location after a text, line and column counted from 1.
    static func position(after text: some Collection<Unicode.Scalar>) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        var previous: Unicode.Scalar?
        for scalar in text {
            if scalar == "\n", previous == "\r" {
                // The second half of a line break that is counted already.
            } else if self.isBreak(scalar) {
                line += 1
                column = 1
            } else {
                column += 1
            }
            previous = scalar
        }
        return (line, column)
    }

    /// The index of a location, line and column counted from 1 within this document; `nil` behind its end.
    func index(line: Int, column: Int) -> Int? {
        var index = self.text.startIndex
        for _ in 1..<max(line, 1) {
            guard index < self.text.endIndex else { return nil }
            index = Self.endOfLine(in: self.text, from: index)
        }
        index += column - 1
        return self.text.indices.contains(index) ? index : nil
    }
}
