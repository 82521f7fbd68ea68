import FoundationEssentials
import Testing
import Waiting

/// The blocks that the documentation shows are what they say, and no block is without a test.
@Suite(.hangGuard)
struct BlockTests {
    /// The blocks of commands that are not run, by their first lines, with the reason.
    private static let notRun = [
        "make demo     # starts a broker, a host and a webhook's receiver, sends 304 orders, shows what becomes of each":
            "it builds for minutes, and every change runs it before it is taken",
        "make release": "it builds for minutes; the tests have what they built in the search path",
        "warren dev --port 5672": "the port may be taken; the tests start it with a free one",
        "swift build -c release --static-swift-stdlib --product guests": "it builds everything once more",
    ]

    private let documentation: Documentation

    init() throws { self.documentation = try Documentation() }

    @Test func `no kind of block goes by without a test`() {
        let kinds = Set(self.documentation.pages.flatMap { $0.blocks.map(\.kind) })
        // Those without a kind are drawings.
        #expect(kinds == ["", "sh", "swift", "text", "yaml"])
    }

    @Test func `every command that is shown is run, or there is a reason`() {
        let shown = self.documentation.blocks("sh").map(\.block).filter { !$0.isTested }.compactMap(\.lines.first)
        #expect(Set(shown) == Set(Self.notRun.keys))
    }

    @Test func `a block that says it is a file is that file`() throws {
        let blocks = self.documentation.pages.flatMap(\.blocks).filter { $0.file != nil }
        #expect(
            blocks.compactMap(\.file) == [
                "functions/hello/Hello.swift", "manifests/hello.yaml", "Tests/HelloTests/GreetTests.swift",
            ]
        )
        for block in blocks {
            let file = try #require(block.file)
            let content = try String(contentsOfFile: "\(Documentation.root)/\(file)", encoding: .utf8)
            #expect(content == block.text, "\(file)")
        }
    }

    @Test func `Swift that is shown compiles`() async throws {
        let blocks = self.swiftBlocks.filter { !$0.block.text.hasPrefix("// swift-tools-version:") }
        #expect(blocks.count > 1)
        let modules = [
            "-I", "\(ObservedCommand.products)/Modules", "-I", "\(Documentation.root)/Sources/CLinux",
            "-Xcc", "-fmodule-map-file=\(ObservedCommand.products)/CCompression.build/module.modulemap",
        ]
        for (page, block) in blocks {
            try await Self.inDirectory { directory in
                let file = "\(directory)/Shown.swift"
                try block.text.write(toFile: file, atomically: true, encoding: .utf8)
                let ended = try await Self.tool(
                    "swiftc",
                    ["-typecheck", "-parse-as-library", "-swift-version", "6", "-warnings-as-errors"] + modules + [file]
                )
                #expect(ended.status == 0, "\(page)\n\(ended.errorText)")
            }
        }
    }

    /// Beside a package `warren` that has the products of this one, and with the files where the page says that they
    /// go.
    @Test(arguments: [
        ("README.md", ["Sources/guests/Hello.swift"], ["Warren"]),
        (
            "TestingFunctions.md", ["Sources/guests/Hello.swift", "Tests/GuestsTests/GreetTests.swift"],
            ["Warren", "WarrenTesting"]
        ),
    ])
    func `the package that is shown is one`(_ page: String, _ files: [String], _ products: [String]) async throws {
        let own = try String(contentsOfFile: "\(Documentation.root)/Package.swift", encoding: .utf8)
        for product in products { try #require(own.contains(".library(name: \"\(product)\", targets:")) }
        let blocks = self.packages.filter { $0.page == page }
        try #require(blocks.count == 1)
        // Two executables of one name are one file, and the build does not say that it makes only one of them.
        for name in blocks[0].block.text.matches(of: /executableTarget\(name: "([^"]+)"/).map(\.1) {
            #expect(!own.contains(".executable(name: \"\(name)\""), "\(page): \(name)")
        }
        try await Self.inDirectory { directory in
            let libraries = products.map { ".library(name: \"\($0)\", targets: [\"\($0)\"])" }.joined(separator: ", ")
            let targets = products.map { ".target(name: \"\($0)\")" }.joined(separator: ", ")
            let stub = """
                // swift-tools-version: 6.2
                import PackageDescription
                let package = Package(name: "warren", products: [\(libraries)], targets: [\(targets)])
                """
            try Self.write(stub, to: "\(directory)/warren/Package.swift")
            for product in products { try Self.write("", to: "\(directory)/warren/Sources/\(product)/Empty.swift") }
            try Self.write(blocks[0].block.text, to: "\(directory)/guests/Package.swift")
            for file in files { try Self.write("", to: "\(directory)/guests/\(file)") }
            let ended = try await Self.tool("swift", ["package", "--package-path", "\(directory)/guests", "describe"])
            #expect(ended.status == 0, "\(page)\n\(ended.errorText)")
            for product in products { #expect(ended.text.contains(product), "\(ended.text)") }
        }
    }

    @Test func `every package that is shown is tested`() {
        #expect(self.packages.map(\.page) == ["README.md", "TestingFunctions.md"])
    }

    private var packages: [(page: String, block: MarkdownPage.Block)] {
        self.swiftBlocks.filter { $0.block.text.hasPrefix("// swift-tools-version:") }
    }

    /// Those that are no file of the repository, which the build compiles.
    private var swiftBlocks: [(page: String, block: MarkdownPage.Block)] {
        self.documentation.blocks("swift").filter { $0.block.file == nil }
    }

    private static func inDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/warren-shown-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    private static func write(_ text: String, to file: String) throws {
        let directory = file.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// Runs a tool of the toolchain, which is where the caller's search path says.
    private static func tool(_ name: String, _ arguments: [String]) async throws -> ObservedCommand.Output {
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        return try await ObservedCommand([name] + arguments, environment: inherited, executable: "/usr/bin/env").end()
    }
}
