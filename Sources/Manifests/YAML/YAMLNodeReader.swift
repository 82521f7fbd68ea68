import Yams

/// Turns the library's nodes into `YAMLValue`s and refuses the forms that manifests do not use.
struct YAMLNodeReader {
    /// The deepest allowed nesting of collections, the document's own mapping included.
    static let maximumDepth = 64
    static let depthRemedy = "nest at most \(Self.maximumDepth) levels; a manifest needs no more than four"

    /// The line of the file, counted from 0, on which the document starts.
    let firstLine: Int
    let markedKeys: [String]
    let problems: ProblemCollector

    /// - Returns: `nil` for a document without content, such as one that holds only comments.
    func document(_ node: Node) -> YAMLValue? {
        if case .scalar(let scalar) = node, scalar.style == .plain, scalar.string.isEmpty { return nil }
        var tooDeep: SourceLocation?
        let value = self.value(node, depth: 1, tooDeep: &tooDeep)
        if let tooDeep {
            self.problems.report(
                "the document is nested deeper than \(Self.maximumDepth) levels",
                at: tooDeep,
                remedy: Self.depthRemedy
            )
        }
        return value
    }

    private func value(_ node: Node, depth: Int, tooDeep: inout SourceLocation?) -> YAMLValue {
        let location = self.location(node)
        switch node {
        case .scalar(let scalar):
            return YAMLValue(location: location, content: self.scalar(scalar, at: location))
        case .sequence, .mapping:
            guard depth <= Self.maximumDepth else {
                tooDeep = tooDeep ?? location
                return YAMLValue(location: location, content: .refused)
            }
            if let sequence = node.sequence {
                let items = sequence.map { self.value($0, depth: depth + 1, tooDeep: &tooDeep) }
                return YAMLValue(location: location, content: .sequence(items))
            }
            var entries: [YAMLEntry] = []
            var lines: [String: Int] = [:]
            for (key, node) in node.mapping ?? [:] {
                let value = self.value(node, depth: depth + 1, tooDeep: &tooDeep)
                guard let name = self.key(key, firstLines: &lines) else { continue }
                entries.append(YAMLEntry(key: name, location: self.location(key), value: value))
            }
            return YAMLValue(location: location, content: .mapping(entries))
        case .alias:
            self.refuse(.alias, at: location)
            return YAMLValue(location: location, content: .refused)
        }
    }

    private func scalar(_ scalar: Node.Scalar, at location: SourceLocation) -> YAMLValue.Content {
        let isPlain = scalar.style == .plain
        if isPlain, let construct = self.construct(of: scalar) {
            self.refuse(construct, at: location)
            return .refused
        }
        return .scalar(YAMLScalar(text: YAMLStandIns.reveal(scalar.string), isPlain: isPlain))
    }

    /// The name of a key; `nil` if it is refused. The rest of its mapping is read in any case.
    private func key(_ node: Node, firstLines: inout [String: Int]) -> String? {
        let location = self.location(node)
        guard case .scalar(let scalar) = node else {
            self.problems.report(
                "a key must be a text",
                at: location,
                remedy: "write one word and a colon; a text with brackets needs quotes"
            )
            return nil
        }
        if let number = YAMLStandIns.number(ofMark: scalar.string.unicodeScalars.first) {
            // A mark: this key is the first of several with the same name.
            let name = self.markedKeys[number]
            return self.isFirst(name, at: location, &firstLines) ? name : nil
        }
        if scalar.style == .plain, let construct = self.construct(of: scalar) {
            self.refuse(construct, at: location)
            return nil
        }
        let name = YAMLStandIns.reveal(scalar.string)
        if scalar.style == .plain, name == "<<" {
            self.problems.report("merge keys are refused", at: location, remedy: "write the keys out")
            return nil
        }
        return self.isFirst(name, at: location, &firstLines) ? name : nil
    }

    private func isFirst(_ name: String, at location: SourceLocation, _ firstLines: inout [String: Int]) -> Bool {
        guard let line = firstLines[name] else {
            firstLines[name] = location.line
            return true
        }
        self.problems.report(
            "the key \(name.quoted) is written more than once, first on line \(line)",
            at: location,
            remedy: "keep one of them"
        )
        return false
    }

    private func construct(of scalar: Node.Scalar) -> YAMLStandIns.Construct? {
        let text = scalar.string.unicodeScalars
        guard let construct = YAMLStandIns.construct(startingWith: text.first) else { return nil }
        switch construct {
        case .anchor, .alias, .tag: return construct
        // A question mark begins a complex key only if a blank follows.
        case .complexKey:
            let next = text.dropFirst().first
            return next == nil || next == " " ? construct : nil
        }
    }

    private func refuse(_ construct: YAMLStandIns.Construct, at location: SourceLocation) {
        self.problems.report(construct.what, at: location, remedy: construct.remedy)
    }

    private func location(_ node: Node) -> SourceLocation {
        SourceLocation(
            file: self.problems.file,
            line: self.firstLine + (node.mark?.line ?? 1),
            column: node.mark?.column ?? 1
        )
    }
}
