import FoundationEssentials

/// The README as its tests see it: fenced blocks with what stands in front of them.
///
/// Two conventions make a block a promise that is kept by a test. A line before it that is a path in backticks and a
/// colon says that the block is that file. A first line `# tested` says that the commands of the block are run; a block
/// of kind `text` right behind it is what they print, where `…` stands for anything within a line.
struct Readme {
    struct Block {
        let kind: String
        /// The last line with text before the block, if it is not a block itself.
        let introduction: String?
        let lines: [String]

        var isTested: Bool { self.kind == "sh" && self.lines.first == "# tested" }
        /// The file that the block says it is.
        var file: String? {
            guard let line = self.introduction, line.hasPrefix("`"), line.hasSuffix("`:") else { return nil }
            return String(line.dropFirst().dropLast(2))
        }
    }

    let text: String
    let blocks: [Block]

    /// The repository's directory.
    static let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }

    init() throws {
        self.text = try String(contentsOfFile: "\(Self.root)/README.md", encoding: .utf8)
        var blocks: [Block] = []
        var introduction: String?
        var open: (kind: String, lines: [String])?
        for line in self.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let block = open {
                if line == "```" {
                    blocks.append(Block(kind: block.kind, introduction: introduction, lines: block.lines))
                    (open, introduction) = (nil, nil)
                } else {
                    open = (block.kind, block.lines + [line])
                }
            } else if line.hasPrefix("```") {
                open = (String(line.dropFirst(3)), [])
            } else if !line.isEmpty {
                introduction = line
            }
        }
        self.blocks = blocks
    }

    /// The commands that are run, with what they are said to print.
    var commands: [(script: String, output: [String]?)] {
        self.blocks.indices.filter { self.blocks[$0].isTested }.map { index in
            let next = self.blocks.indices.contains(index + 1) ? self.blocks[index + 1] : nil
            let isOutput = next?.kind == "text" && next?.introduction == nil
            return (self.blocks[index].lines.joined(separator: "\n"), isOutput ? next?.lines : nil)
        }
    }

    /// Whether a printed line is as a line of the README says, where `…` stands for anything.
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
