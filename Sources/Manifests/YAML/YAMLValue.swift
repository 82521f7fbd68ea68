/// A YAML node that has passed the checks of its form: no anchors, aliases, tags, duplicate keys or deep nesting.
///
/// The decoder works only on this tree, so it depends on the rules for manifests and not on a YAML library.
struct YAMLValue {
    enum Content {
        case scalar(YAMLScalar)
        case sequence([YAMLValue])
        case mapping([YAMLEntry])
        /// A value about which a problem was reported already: readers treat it as absent and report nothing more.
        case refused
    }

    let location: SourceLocation
    let content: Content

    /// What a message calls this value. Never the text itself, which may be a secret.
    var kind: String {
        switch self.content {
        case .scalar(let scalar): scalar.kind.rawValue
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .refused: "something refused"
        }
    }
}

/// A key of a mapping with its value.
struct YAMLEntry {
    let key: String
    let location: SourceLocation
    let value: YAMLValue
}

/// A single value as it was written.
struct YAMLScalar {
    enum Kind: String {
        case nothing = "nothing"
        case boolean = "a boolean"
        case number = "a number"
        case text = "a text"
    }

    let text: String
    /// Whether it is written without quotes, and not as a block.
    let isPlain: Bool

    /// How a person would read the value. Words that only some YAML versions take for a boolean (`yes`, `on`) count as
    /// a boolean: to be a text they must be quoted, so that no reader of the file can misread them.
    ///
    /// Source: YAML 1.2.2, section 10.3 (core schema), and the YAML 1.1 type repository, bool.
    var kind: Kind {
        guard self.isPlain else { return .text }
        switch self.text.lowercased() {
        case "", "~", "null": return .nothing
        case "true", "false", "yes", "no", "on", "off": return .boolean
        default: return self.looksLikeNumber ? .number : .text
        }
    }

    private var looksLikeNumber: Bool {
        var rest = self.text.lowercased()[...]
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest = rest.dropFirst() }
        if rest == ".inf" || rest == ".nan" { return true }
        if rest.hasPrefix("0x") {
            let digits = rest.dropFirst(2)
            return !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        }
        if rest.hasPrefix("0o") { rest = rest.dropFirst(2) }
        guard rest.contains(where: { $0.isASCII && $0.isNumber }) else { return false }
        return rest.allSatisfy { ($0.isASCII && $0.isNumber) || $0 == "_" } || Double(rest) != nil
    }
}
