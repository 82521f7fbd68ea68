import FoundationEssentials
import Testing

/// The repository's README, and the articles of its documentation.
struct Documentation: Sendable {
    /// The repository's directory.
    static let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
    /// Where the articles are, seen from there.
    static let catalog = "Sources/Warren/Warren.docc"

    let readme: MarkdownPage
    let articles: [MarkdownPage]

    var pages: [MarkdownPage] { [self.readme] + self.articles }

    init() throws {
        self.readme = try MarkdownPage(file: "\(Self.root)/README.md")
        self.articles = try FileManager.default.contentsOfDirectory(atPath: "\(Self.root)/\(Self.catalog)")
            .filter { $0.hasSuffix(".md") }
            .sorted()
            .map { try MarkdownPage(file: "\(Self.root)/\(Self.catalog)/\($0)") }
    }

    func article(_ name: String) throws -> MarkdownPage {
        try #require(self.articles.first { $0.name == "\(name).md" }, "no article \(name)")
    }

    /// All blocks of a kind, with the names of their pages.
    func blocks(_ kind: String) -> [(page: String, block: MarkdownPage.Block)] {
        self.pages.flatMap { page in page.blocks.filter { $0.kind == kind }.map { (page.name, $0) } }
    }
}
