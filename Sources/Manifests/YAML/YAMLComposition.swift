import Yams

/// The result of parsing a document with the YAML library, in the few kinds that are treated differently.
///
/// Lines and columns count from 1 within the document.
enum YAMLComposition {
    case parsed(Node?)
    case syntax(YAMLSyntaxError)
    /// Located at the first of the equal keys.
    case duplicateKey(name: String, line: Int, column: Int)

    init(_ error: any Error) {
        guard let error = error as? YamlError else {
            self = .syntax(YAMLSyntaxError(text: "the document cannot be read as YAML", line: 1, column: 1))
            return
        }
        switch error {
        case .duplicatedKeysInMapping(let names, let context):
            self = .duplicateKey(name: names.first ?? "", line: context.mark.line, column: context.mark.column)
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            var syntax = YAMLSyntaxError(text: problem, line: mark.line, column: mark.column)
            if let context { syntax.context = (context.text, context.mark.line) }
            self = .syntax(syntax)
        case .reader(let problem, _, _, _), .writer(let problem), .emitter(let problem), .representer(let problem):
            self = .syntax(YAMLSyntaxError(text: problem, line: 1, column: 1))
        case .no, .memory, .dataCouldNotBeDecoded:
            self = .syntax(YAMLSyntaxError(text: "the document cannot be read as YAML", line: 1, column: 1))
        }
    }
}

/// A location at which a document is not valid YAML.
struct YAMLSyntaxError {
    let text: String
    let line: Int
    let column: Int
    /// What the library was reading, and the line on which that began.
    var context: (text: String, line: Int)?

    init(text: String, line: Int, column: Int) {
        self.text = text
        self.line = line
        self.column = column
    }

    /// How to correct it, judging by the library's message and the character at the location.
    func remedy(at character: Unicode.Scalar?) -> String {
        if self.text.contains("nesting level") { return YAMLNodeReader.depthRemedy }
        switch character {
        case "\t": return "indent with spaces, not tabs"
        case "@", "`", "%", "|", ">": return "put the text in quotes"
        default: break
        }
        if self.text.contains("mapping values") {
            return "check the indentation; a text that contains ': ' needs quotes"
        }
        return "check the indentation, the quotes and the brackets here and on the lines before"
    }
}
