import FoundationEssentials

/// The README or an article as its tests see it: fenced blocks with what stands in front of them, and prose.
///
/// Conventions make a block a promise that is kept by a test:
/// - A line before it that is a path in backticks and a colon says that the block is that file.
/// - A first line `# tested` says that the commands of the block are run. A block of kind `text` right behind it is
///   what they print, where `…` stands for anything within a line.
/// - A block of kind `yaml` is a manifest, or some fields of one.
/// - Any other block of kind `swift` compiles by itself.
struct MarkdownPage: Sendable {
    struct Block: Sendable {
        let kind: String
        /// The last heading of the second level before the block.
        let section: String
        /// The last line with text before the block, if it is not a block itself.
        let introduction: String?
        fileprivate(set) var lines: [String] = []

        var text: String { self.lines.joined(separator: "\n") + "\n" }
        var isTested: Bool { self.kind == "sh" && self.lines.first == "# tested" }
        /// The file that the block says it is.
        var file: String? {
            guard let line = self.introduction, line.hasPrefix("`"), line.hasSuffix("`:"), line.contains("/")
            else { return nil }
            return String(line.dropFirst().dropLast(2))
        }
    }

    /// Commands that are run, with what they are said to print.
    struct Script: Sendable {
        let section: String
        let text: String
        let output: [String]?
    }

    /// The file's name.
    let name: String
    let text: String
    let blocks: [Block]
    /// The lines that are not in a block.
    let prose: [String]

    init(file: String) throws {
        self.init(
            name: String(file.split(separator: "/").last ?? ""),
            text: try String(contentsOfFile: file, encoding: .utf8)
        )
    }

    init(name: String, text: String) {
        self.name = name
        self.text = text
        var blocks: [Block] = []
        var prose: [String] = []
        var section = ""
        var introduction: String?
        var open: Block?
        var indentation = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let start = line.prefix { $0 == " " }.count
            let isFence = line.dropFirst(start).hasPrefix("```")
            if var block = open {
                if isFence {
                    blocks.append(block)
                    (open, introduction) = (nil, nil)
                } else {
                    block.lines.append(String(line.dropFirst(min(start, indentation))))
                    open = block
                }
            } else if isFence {
                let kind = String(line.dropFirst(start + 3))
                (open, indentation) = (Block(kind: kind, section: section, introduction: introduction), start)
            } else {
                prose.append(line)
                if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
                if !line.isEmpty { introduction = line }
            }
        }
        self.blocks = blocks
        self.prose = prose
    }

    /// The commands that are run.
    var scripts: [Script] {
        self.blocks.indices.filter { self.blocks[$0].isTested }.map { index in
            let block = self.blocks[index]
            let next = self.blocks.indices.contains(index + 1) ? self.blocks[index + 1] : nil
            let isOutput = next?.kind == "text" && next?.introduction == nil
            return Script(section: block.section, text: block.text, output: isOutput ? next?.lines : nil)
        }
    }

    /// What stands between backticks within the prose.
    var codeSpans: [String] {
        self.prose.joined(separator: "\n").matches(of: /`+([^`]+)`+/).map { match in
            match.1.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }

    /// The cells of the rows of all tables.
    var tableRows: [[String]] {
        self.prose.filter { $0.hasPrefix("|") }.map { line in
            line.dropFirst().split(separator: "|", omittingEmptySubsequences: false).map { cell in
                let words = cell.split(separator: " ")
                return words.joined(separator: " ")
            }
        }
    }

    /// Whether a printed line is as a line of the page says, where `…` stands for anything.
    static func line(_ printed: some StringProtocol, is said: String) -> Bool {
        let parts = said.split(separator: "…", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, printed.hasPrefix(first) else { return false }
        guard parts.count > 1 else { return printed == said }
        var rest = printed[printed.index(printed.startIndex, offsetBy: first.count)...]
        for part in parts.dropFirst().dropLast() {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
