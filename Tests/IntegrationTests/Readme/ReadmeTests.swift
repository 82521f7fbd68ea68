import FoundationEssentials
import Testing
import Waiting

/// What the README shows is what there is.
@Suite(.hangGuard)
struct ReadmeTests {
    private static let systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private let readme: Readme

    init() throws { self.readme = try Readme() }

    @Test func `a block that says it is a file is that file`() throws {
        let blocks = self.readme.blocks.filter { $0.file != nil }
        #expect(
            blocks.compactMap(\.file) == [
                "functions/hello/Hello.swift", "manifests/hello.yaml", "Tests/HelloTests/GreetTests.swift",
            ]
        )
        for block in blocks {
            let file = try #require(block.file)
            let content = try String(contentsOfFile: "\(Readme.root)/\(file)", encoding: .utf8)
            #expect(content == block.lines.joined(separator: "\n") + "\n", "\(file)")
        }
    }

    @Test(arguments: [
        "dev", "run", "validate", "plan", "publish", "invoke", "webhook ping", "webhook listen", "webhook verify",
        "webhook secret",
    ])
    func `every option of the command is in it`(_ command: String) async throws {
        let help = try await ObservedCommand.run(["help"] + command.split(separator: " ").map(String.init))
        let options = help.text.split { " \n[]()|.,=<>:".contains($0) }.filter { $0.hasPrefix("--") }
        #expect(!options.isEmpty)
        for option in Set(options) where option != "--help" {
            #expect(self.readme.text.contains("\(option) ") || self.readme.text.contains("\(option)`"), "\(option)")
        }
    }

    @Test func `the first five minutes go as it says`() async throws {
        let directory = "/tmp/warren-readme-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let host = try ObservedCommand(
            ["dev", "--data", directory, "--manifests", "\(Readme.root)/manifests"],
            environment: ["PATH": Self.systemPath]
        )
        do {
            try await host.line("all functions are running")
            let url = try #require(host.output.errorText.firstMatch(of: /--broker (\S+)/)?.1)
            #expect(self.readme.commands.count == 2)
            for (script, output) in self.readme.commands { try await self.run(script, broker: url, says: output) }
            let shown = try #require(self.readme.blocks.last { $0.kind == "text" }).lines
            #expect(shown.count == 2)
            for line in shown {
                try await host.wait(for: line) { output in
                    output.errorText.split(separator: "\n").contains { Readme.line($0, is: line) }
                }
            }
        } catch {
            _ = try? await host.stop()
            throw error
        }
        #expect(try await host.stop().status == 0)
    }

    private func run(_ script: String, broker: Substring, says output: [String]?) async throws {
        let shell = try ObservedCommand(
            ["-ec", "cd '\(Readme.root)'\n\(script)"],
            environment: ["PATH": "\(ObservedCommand.products):\(Self.systemPath)", "WARREN_BROKER": String(broker)],
            executable: "/bin/sh"
        )
        let ended = try await shell.end()
        #expect(ended.status == 0, "\(script)\n\(ended.errorText)")
        guard let output else { return }
        let printed = ended.text.split(separator: "\n")
        #expect(printed.count == output.count, "\(ended.text)")
        for (line, said) in zip(printed, output) { #expect(Readme.line(line, is: said), "\(line)") }
    }
}
