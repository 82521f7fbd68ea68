import FoundationEssentials
import Testing

/// How pages are written, and that the files they name are there.
struct PageTests {
    private let documentation: Documentation

    init() throws { self.documentation = try Documentation() }

    @Test func `prose fits a screen`() {
        for page in self.documentation.pages {
            // A row of a table cannot be broken.
            for line in page.prose where !line.hasPrefix("|") {
                #expect(line.count <= 120, "\(page.name): \(line)")
            }
        }
    }

    @Test func `every file of the repository that is named is there`() {
        let places = ["", "Sources/"].map { "\(Documentation.root)/\($0)" }
        var found = 0
        for page in self.documentation.pages {
            for name in page.codeSpans where name.contains(/^[A-Za-z][A-Za-z0-9.+\/]*\/[A-Za-z0-9.+]+\.(swift|yaml)$/) {
                found += 1
                #expect(
                    places.contains { FileManager.default.fileExists(atPath: $0 + name) },
                    "\(page.name): \(name)"
                )
            }
        }
        #expect(found > 10)
    }

    @Test func `a page is cut into its blocks and its prose`() {
        let page = MarkdownPage(
            name: "page.md",
            text: """
                # Title

                ## Part

                1. Do `this
                   now`:

                   ```sh
                   # tested
                   true
                   ```

                ```text
                … end
                ```

                | a | `b` ``c`` |
                """
        )
        #expect(page.blocks.map(\.kind) == ["sh", "text"])
        #expect(page.scripts.map(\.text) == ["# tested\ntrue\n"])
        #expect(page.scripts.first?.output == ["… end"])
        #expect(page.scripts.first?.section == "Part")
        #expect(page.codeSpans == ["this now", "b", "c"])
        #expect(page.tableRows == [["a", "`b` ``c``", ""]])
    }
}
