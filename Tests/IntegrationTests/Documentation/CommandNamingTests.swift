import FoundationEssentials
import Testing
import Waiting

/// The documentation names the commands, options and targets that there are, and all of them.
@Suite(.hangGuard)
struct CommandNamingTests {
    private static let commands = [
        "dev", "run", "validate", "plan", "publish", "invoke", "webhook ping", "webhook listen", "webhook verify",
        "webhook secret",
    ]

    private let documentation: Documentation

    init() throws { self.documentation = try Documentation() }

    @Test(arguments: Self.commands)
    func `every option of the command is in the article`(_ command: String) async throws {
        let text = try self.documentation.article("CommandLine").text
        let options = try await Self.options(of: command)
        #expect(options.count > 1)
        for option in options where option != "--help" {
            #expect(text.contains("\(option) ") || text.contains("\(option)`"), "\(option)")
        }
    }

    @Test func `every option that is shown with a command is one of that command`() async throws {
        var known: [String: Set<String>] = [:]
        for command in Self.commands { known[command] = try await Self.options(of: command) }
        var found = 0
        for (page, line) in self.shownCommands {
            let words = line.split(separator: " ").drop { $0 == "exec" }
            guard words.first == "warren" else { continue }
            let rest = words.dropFirst().joined(separator: " ")
            let command = Self.commands.first { rest == $0 || rest.hasPrefix("\($0) ") }
            guard let command, let options = known[command] else {
                let isGeneral = rest.isEmpty || rest == "webhook" || rest.hasPrefix("help ")
                #expect(isGeneral, "\(page) shows a command that is not there: \(line)")
                continue
            }
            for option in words where option.hasPrefix("--") {
                found += 1
                #expect(options.contains(String(option)), "\(page): \(line)")
            }
        }
        #expect(found > 5)
    }

    @Test func `every target of make that is named is there`() throws {
        let makefile = try String(contentsOfFile: "\(Documentation.root)/Makefile", encoding: .utf8)
        let targets = Set(makefile.matches(of: #/^([a-z]+):.*## /#.anchorsMatchLineEndings()).map { String($0.1) })
        var found = 0
        for (page, line) in self.shownCommands {
            guard let target = line.wholeMatch(of: /make ([a-z]+)(?: .*)?/)?.1 else { continue }
            found += 1
            #expect(targets.contains(String(target)), "\(page): \(line)")
        }
        #expect(found > 5)
    }

    /// The lines of blocks, and what stands between backticks.
    private var shownCommands: [(page: String, line: String)] {
        self.documentation.pages.flatMap { page in
            let lines = page.blocks.filter { $0.kind == "sh" }.flatMap(\.lines) + page.codeSpans
            return lines.map { (page.name, $0) }
        }
    }

    private static func options(of command: String) async throws -> Set<String> {
        let help = try await ObservedCommand.run(["help"] + command.split(separator: " ").map(String.init))
        return Set(help.text.split { " \n[]()|.,=<>:".contains($0) }.filter { $0.hasPrefix("--") }.map(String.init))
    }
}
