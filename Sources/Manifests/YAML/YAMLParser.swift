import Yams

/// Parses one document of a file with the YAML library, and reports what the library refuses.
///
/// The library stops at the first error. Two kinds of errors are worked around, so that the rest of the document is
/// checked as well: an anchor or a tag in front of a collection is blanked out, and for a key written twice the first
/// occurrence is marked (see `YAMLStandIns`).
struct YAMLParser {
    private let document: YAMLDocument
    private let problems: ProblemCollector
    private var text: [Unicode.Scalar]
    /// The names of the keys whose first character was replaced by a mark, indexed by the number of the mark.
    private var markedKeys: [String] = []
    private var blanked: [Int: YAMLStandIns.Construct] = [:]

    private init(document: YAMLDocument, problems: ProblemCollector) {
        self.document = document
        self.problems = problems
        self.text = YAMLStandIns.hide(document.text)
    }

    /// - Returns: the document's value; `nil` if it is empty, or if it could not be parsed, which has been reported.
    static func parse(_ document: YAMLDocument, problems: ProblemCollector) -> YAMLValue? {
        var parser = Self(document: document, problems: problems)
        return parser.run()
    }

    private mutating func run() -> YAMLValue? {
        // Every round but the last works around one error, and costs one more pass over a text of at most 1 MiB.
        for _ in 0..<YAMLStandIns.markCount {
            switch self.compose() {
            case .parsed(let node):
                return self.convert(node)
            case .duplicateKey(let name, let line, let column):
                if !self.markKey(name, line: line, column: column) {
                    self.reportBlanked()
                    self.reportDuplicate(name, line: line, column: column)
                    return nil
                }
            case .syntax(let error):
                if !self.blankConstruct(before: error) {
                    self.reportBlanked()
                    self.report(error)
                    return nil
                }
            }
        }
        self.reportBlanked()
        self.problems.report(
            "the document has too many duplicate keys, anchors or tags to be checked",
            at: self.location(line: 1, column: 1),
            remedy: "write every key once, and values without anchors and tags"
        )
        return nil
    }

    private func compose() -> YAMLComposition {
        var string = ""
        string.unicodeScalars.append(contentsOf: self.text)
        do {
            // Without rules for types, `1` and `"1"` are the same key, as they are for a person who reads them.
            return .parsed(try Parser(yaml: string, resolver: .basic, encoding: .utf8).singleRoot())
        } catch {
            return YAMLComposition(error)
        }
    }

    private func convert(_ node: Node?) -> YAMLValue? {
        self.reportBlanked()
        guard let node else { return nil }
        let reader = YAMLNodeReader(
            firstLine: self.document.firstLine,
            markedKeys: self.markedKeys,
            problems: self.problems
        )
        return reader.document(node)
    }

    // MARK: - Working around an error

    /// Replaces the first character of a key by a mark, so that the key is not a duplicate any more.
    private mutating func markKey(_ name: String, line: Int, column: Int) -> Bool {
        guard !name.isEmpty, let mark = YAMLStandIns.mark(self.markedKeys.count),
            var index = YAMLDocument(firstLine: 0, text: self.text).index(line: line, column: column)
        else { return false }
        let isQuoted = self.text[index] == "\"" || self.text[index] == "'"
        if isQuoted { index += 1 }
        // Only a key that is written without escapes: a mark would cut an escape in two.
        guard index < self.text.count, self.text[index] == name.unicodeScalars.first else { return false }
        self.text[index] = mark
        self.markedKeys.append(self.readableKey(name))
        return true
    }

    /// The key as the user wrote it, even if a mark has replaced its first character.
    private func readableKey(_ name: String) -> String {
        guard let number = YAMLStandIns.number(ofMark: name.unicodeScalars.first) else {
            return YAMLStandIns.reveal(name)
        }
        return self.markedKeys[number]
    }

    /// Blanks out the nearest anchor or tag before an error, if the parser gets further without it.
    ///
    /// An anchor in front of a collection, hidden by its stand-in, reads as a text, and what follows it is then an
    /// error.
    private mutating func blankConstruct(before error: YAMLSyntaxError) -> Bool {
        let document = YAMLDocument(firstLine: 0, text: self.text)
        var end = document.index(line: error.line, column: error.column) ?? self.text.endIndex
        // Comments may hold the same characters; it is not worth a pass over the text to try more than a few of them.
        var trials = 4
        while trials > 0,
            let last = self.text[..<end].lastIndex(where: { YAMLStandIns.construct(startingWith: $0) != nil })
        {
            let word = self.startOfWord(around: last)
            end = word
            guard let run = self.constructRun(endingWithWordAt: word) else { continue }
            end = run.keys.min() ?? word
            trials -= 1
            let trial = self.blanking(run)
            if trial.getsFurther(than: error) {
                self = trial
                return true
            }
        }
        return false
    }

    private func blanking(_ run: [Int: YAMLStandIns.Construct]) -> Self {
        var trial = self
        trial.blanked.merge(run) { first, _ in first }
        for start in run.keys {
            var index = start
            while index < trial.text.endIndex, !Self.endsConstruct(trial.text[index]) {
                trial.text[index] = " "
                index += 1
            }
        }
        return trial
    }

    private func getsFurther(than error: YAMLSyntaxError) -> Bool {
        switch self.compose() {
        // The parser notices a duplicate key when its mapping is complete, so it has passed the error.
        case .parsed, .duplicateKey: true
        case .syntax(let next): (next.line, next.column) > (error.line, error.column)
        }
    }

    /// The anchor or tag that starts at a location, and the other one of the two if it precedes it.
    ///
    /// - Returns: `nil` if there is no such word, or if no value starts there.
    private func constructRun(endingWithWordAt last: Int) -> [Int: YAMLStandIns.Construct]? {
        var run: [Int: YAMLStandIns.Construct] = [:]
        var word = last
        while run.count < 2 {
            let construct = YAMLStandIns.construct(startingWith: self.text[word])
            guard construct == .anchor || construct == .tag else { return nil }
            run[word] = construct
            var before = word - 1
            while before >= 0, self.text[before] == " " || self.text[before] == "\t" { before -= 1 }
            if before < 0 || YAMLDocument.isBreak(self.text[before]) { return run }
            if "-:,[{".unicodeScalars.contains(self.text[before]) { return run }
            word = self.startOfWord(around: before)
        }
        return nil
    }

    private func startOfWord(around index: Int) -> Int {
        var index = index
        while index > 0, !Self.endsConstruct(self.text[index - 1]) { index -= 1 }
        return index
    }

    private static func endsConstruct(_ scalar: Unicode.Scalar) -> Bool {
        if YAMLDocument.isBreak(scalar) { return true }
        switch scalar {
        case " ", "\t", ",", "[", "]", "{", "}": return true
        default: return false
        }
    }

    // MARK: - Reporting

    private func reportBlanked() {
        for (index, construct) in self.blanked {
            let (line, column) = YAMLDocument.position(after: self.document.text[..<index])
            self.problems.report(
                construct.what,
                at: self.location(line: line, column: column),
                remedy: construct.remedy
            )
        }
    }

    private func reportDuplicate(_ name: String, line: Int, column: Int) {
        self.problems.report(
            "the key \(self.readableKey(name).quoted) is written more than once",
            at: self.location(line: line, column: column),
            remedy: "keep one of them"
        )
    }

    private func report(_ error: YAMLSyntaxError) {
        let index = self.document.index(line: error.line, column: error.column)
        var what = error.text
        if let context = error.context {
            what += " \(context.text) that starts on line \(self.document.firstLine + context.line)"
        }
        self.problems.report(
            what,
            at: self.location(line: error.line, column: error.column),
            remedy: error.remedy(at: index.map { self.document.text[$0] })
        )
    }

    private func location(line: Int, column: Int) -> SourceLocation {
        SourceLocation(file: self.problems.file, line: self.document.firstLine + line, column: column)
    }
}
