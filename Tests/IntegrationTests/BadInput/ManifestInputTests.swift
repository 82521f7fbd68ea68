import FoundationEssentials
import LocalBroker
import Testing
import Waiting

/// A bad manifest is refused with its place and a remedy, before anything else happens.
@Suite(.hangGuard)
struct ManifestInputTests {
    private struct Problem: Decodable, Equatable {
        let file: String
        let line: Int
        let column: Int
        let what: String
        let remedy: String
    }

    @Test(arguments: ManifestMistake.all)
    func `a mistake is told with its place and how to mend it`(_ mistake: ManifestMistake) async throws {
        let workshop = try Workshop()
        try workshop.install("orders")
        try workshop.write(mistake.name, mistake.manifest)
        let file = "\(workshop.manifests)/\(mistake.name)"

        let result = try await ObservedCommand.run(["validate"] + workshop.places)
        #expect(result.status == 2)
        #expect(result.text == "")
        let line = result.errorText.dropLast()
        #expect(result.errorText.last == "\n" && !line.contains("\n"), "one line, not \(result.errorText)")
        #expect(line.hasPrefix("\(file):\(mistake.place): error: "), "\(line)")
        let parts = line.split(separator: "; ", maxSplits: 1)
        #expect(parts.first?.contains(mistake.what) == true, "\(line)")
        #expect(parts.last?.contains(mistake.remedy) == true || mistake.remedy.isEmpty, "\(line)")

        let json = try await ObservedCommand.run(["validate", "--json"] + workshop.places)
        #expect(json.status == 2)
        let problems = try JSONDecoder().decode([Problem].self, from: Data(json.standardOutput))
        let texts = problems.map { "\($0.file):\($0.line):\($0.column): error: \($0.what); \($0.remedy)" }
        #expect(texts == [String(line)])
    }

    @Test(arguments: ["validate", "plan", "run"])
    func `all mistakes of all files are told at once`(_ command: String) async throws {
        let workshop = try Workshop()
        try workshop.install("orders")
        var expected: [String] = []
        for mistake in ManifestMistake.all {
            try workshop.write(mistake.name, mistake.manifest)
            if command == "validate" || !mistake.needsBundles { expected.append("\(mistake.name):\(mistake.place)") }
        }
        try FileManager.default.createDirectory(
            atPath: "\(workshop.manifests)/folder.yaml",
            withIntermediateDirectories: false
        )
        expected.append("folder.yaml:1:1")
        // A broker that cannot be reached would be exit code 4.
        let result = try await ObservedCommand.run(
            [command] + workshop.places,
            environment: ["WARREN_BROKER": "amqp://127.0.0.1:1/"]
        )
        #expect(result.status == 2)
        #expect(result.text == "")
        let told = result.errorText.split(separator: "\n").map { line in
            line.dropFirst(workshop.manifests.count + 1).prefix { $0 != " " }.dropLast()
        }
        #expect(told.map(String.init) == expected.sorted())
    }

    @Test
    func `a bundle may have a dot in its name`() async throws {
        let workshop = try Workshop()
        try workshop.install("orders", as: "orders.v2")
        try workshop.write(
            "functions.yaml",
            Workshop.manifest("good", handler: "orders.v2/reserve-stock", keys: "[a.b]")
        )
        let result = try await ObservedCommand.run(["validate"] + workshop.places)
        #expect(result.status == 0, "\(result.errorText)")
    }

    @Test
    func `a directory that is not there is told like any other mistake`() async throws {
        for command in ["validate", "plan", "run"] {
            let result = try await ObservedCommand.run([command, "--manifests", "/nowhere"])
            #expect(result.status == 2)
            #expect(result.errorText.hasPrefix("/nowhere:1:1: error: the directory of manifests cannot be used"))
        }
    }

    @Test
    func `a host that refuses its manifests declares nothing`() async throws {
        let node = try await SharedBroker.calm.node
        let workshop = try Workshop()
        try workshop.install("orders")
        try workshop.write(
            "functions.yaml",
            Workshop.manifest("good", handler: "orders/reserve-stock", keys: "[a.b]")
                + "---\n" + Workshop.manifest("bad", handler: "orders/reserve-stock", keys: "[a..b]")
        )
        let virtualHost = workshop.namespace
        try await node.control(["add_vhost", virtualHost])
        try await node.control(["set_permissions", "-p", virtualHost, "guest", ".*", ".*", ".*"])
        let result = try await workshop.host(node.url + virtualHost).end()
        #expect(result.status == 2)
        let queues = try await node.control(["list_queues", "-q", "-p", virtualHost, "name"])
        #expect(queues == "")
        let exchanges = try await node.control(["list_exchanges", "-q", "-p", virtualHost, "name"])
        #expect(exchanges.split(separator: "\n").allSatisfy { $0.hasPrefix("amq.") || $0 == "name" }, "\(exchanges)")
        try await node.control(["delete_vhost", virtualHost])
    }

    @Test
    func `the manifests of this repository are valid`() async throws {
        let arguments = ["--manifests", Self.repositoryManifests, "--bundles", ObservedCommand.products]
        let valid = try await ObservedCommand.run(["validate"] + arguments)
        #expect(valid.errorText == "")
        #expect(valid.text.hasSuffix(" manifests are valid\n"))
        #expect(valid.status == 0)
        let json = try await ObservedCommand.run(["validate", "--json"] + arguments)
        let names = try JSONDecoder().decode([String].self, from: Data(json.standardOutput))
        #expect(Set(names).isSuperset(of: ["charge-payment", "record-event", "reserve-stock", "send-confirmation"]))
        #expect(valid.text.hasPrefix("\(names.count) "))
    }

    /// `manifests/` of the package that this file belongs to.
    static let repositoryManifests: String = {
        var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        path.removeLast(4)
        return path.joined(separator: "/") + "/manifests"
    }()
}
