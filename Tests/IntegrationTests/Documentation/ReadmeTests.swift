import FoundationEssentials
import Testing
import Waiting

/// The README is short, what it names is there, and its first steps go as it says.
@Suite(.hangGuard)
struct ReadmeTests {
    private static let systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private let documentation: Documentation
    private var readme: MarkdownPage { self.documentation.readme }

    init() throws { self.documentation = try Documentation() }

    @Test func `it is read in one go`() {
        let lines = self.readme.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        #expect(lines <= 250, "\(lines) lines; what is looked up belongs into an article")
    }

    @Test func `every file that it links to is there`() throws {
        let links = self.readme.text.matches(of: /\]\(([^)#]+)[^)]*\)/).map { String($0.1) }
            .filter { !$0.contains("://") }
        try #require(!links.isEmpty)
        for link in links {
            #expect(FileManager.default.fileExists(atPath: "\(Documentation.root)/\(link)"), "\(link)")
        }
    }

    @Test func `it leads to every article, and so does the first page of the documentation`() throws {
        let start = try self.documentation.article("Warren")
        let articles = self.documentation.articles.filter { $0.name != start.name }
        try #require(!articles.isEmpty)
        for article in articles {
            let list = self.readme.prose.filter { $0.hasPrefix("- [") }
            let title = article.prose.first.map { String($0.dropFirst(2)) } ?? ""
            let item = "- [\(title)](\(Documentation.catalog)/\(article.name)): "
            #expect(list.contains { $0.hasPrefix(item) }, "\(item)")
            let topic = "- <doc:\(article.name.split(separator: ".")[0])>"
            #expect(start.prose.contains(topic), "\(topic)")
        }
    }

    @Test func `its figures are those of the whole table`() throws {
        let all = try self.documentation.article("Benchmarks").tableRows.map { $0.prefix(2) }
        let rows = self.readme.tableRows.map { $0.prefix(2) }
        let begin = try #require(rows.firstIndex(of: ["measured", "median"]))
        let figures = rows[(begin + 2)...]
        try #require(!figures.isEmpty)
        for figure in figures { #expect(all.contains(figure), "\(figure)") }
    }

    @Test func `its webhook is that of the example`() throws {
        let block = try #require(self.readme.blocks.first { $0.kind == "yaml" && $0.section == "A first webhook" })
        let example = try String(contentsOfFile: "\(Documentation.root)/manifests/orders.yaml", encoding: .utf8)
        let lines = example.split(separator: "\n")
        for line in block.lines { #expect(lines.contains { $0.hasPrefix(line) }, "\(line)") }
    }

    @Test func `the first function goes as it says`() async throws {
        let directory = Self.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let host = try ObservedCommand(
            ["dev", "--data", directory, "--manifests", "\(Documentation.root)/manifests"],
            environment: ["PATH": Self.systemPath]
        )
        do {
            try await host.line("all functions are running")
            let url = try #require(host.output.errorText.firstMatch(of: /--broker (\S+)/)?.1)
            let scripts = self.scripts(in: "A first function")
            #expect(scripts.count == 2)
            for script in scripts { try await self.run(script.text, broker: url, says: script.output) }
            let shown = try #require(
                self.readme.blocks.last { $0.section == "A first function" && $0.kind == "text" }
            ).lines
            #expect(shown.count == 2)
            for line in shown {
                try await host.wait(for: line) { output in
                    output.errorText.split(separator: "\n").contains { MarkdownPage.line($0, is: line) }
                }
            }
        } catch {
            _ = try? await host.stop()
            throw error
        }
        #expect(try await host.stop().status == 0)
    }

    /// The receiver has a free port instead of the one of the example, which another program may have.
    @Test func `the first webhook goes as it says`() async throws {
        let directory = Self.temporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scripts = self.scripts(in: "A first webhook")
        try #require(scripts.count == 2)
        let receiver = try self.shell("exec " + Self.command(scripts[0]) + " --port 0")
        do {
            let listening = try await receiver.line("listening on ")
            let port = try #require(listening.firstMatch(of: /127\.0\.0\.1:([0-9]+)/)?.1)
            let example = try String(contentsOfFile: "\(Documentation.root)/manifests/orders.yaml", encoding: .utf8)
            let manifest = example.replacing("http://127.0.0.1:8484/", with: "http://127.0.0.1:\(port)/")
            #expect(manifest != example)
            try manifest.write(toFile: "\(directory)/orders.yaml", atomically: true, encoding: .utf8)
            let ping = Self.command(scripts[1]) + " --manifests '\(directory)'"
            try await self.run(ping, says: scripts[1].output)
            try await receiver.wait(for: "delivery") {
                $0.text.contains("POST /orders ") && $0.text.contains("signature=valid")
            }
        } catch {
            _ = try? await receiver.stop()
            throw error
        }
        #expect(try await receiver.stop().status == 0)
    }

    private static func temporaryDirectory() -> String {
        "/tmp/warren-readme-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    private func scripts(in section: String) -> [MarkdownPage.Script] {
        self.readme.scripts.filter { $0.section == section }
    }

    /// The one command of a script, to which options can be added.
    private static func command(_ script: MarkdownPage.Script) -> String {
        let lines = script.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return lines.joined(separator: " ")
    }

    private func shell(_ script: String, broker: Substring? = nil) throws -> ObservedCommand {
        var environment = ["PATH": "\(ObservedCommand.products):\(Self.systemPath)"]
        if let broker { environment["WARREN_BROKER"] = String(broker) }
        return try ObservedCommand(
            ["-ec", "cd '\(Documentation.root)'\n\(script)"],
            environment: environment,
            executable: "/bin/sh"
        )
    }

    private func run(_ script: String, broker: Substring? = nil, says output: [String]?) async throws {
        let ended = try await self.shell(script, broker: broker).end()
        #expect(ended.status == 0, "\(script)\n\(ended.errorText)")
        guard let output else { return }
        let printed = ended.text.split(separator: "\n")
        #expect(printed.count == output.count, "\(ended.text)")
        for (line, said) in zip(printed, output) { #expect(MarkdownPage.line(line, is: said), "\(line)") }
    }
}
