import Deployments
import Foundation
import Manifests
import Testing

struct DeploymentReaderTests {
    private let directory: TemporaryDirectory

    init() throws {
        self.directory = try TemporaryDirectory()
        try self.directory.makeDirectory("manifests")
        try self.directory.deploy("/bin/sh", as: "orders")
    }

    private func reader(_ environment: [String: String] = [:]) -> DeploymentReader {
        let directory = self.directory.path
        return DeploymentReader(
            namespace: "t",
            manifestDirectory: "\(directory)/manifests",
            bundlePath: { "\(directory)/\($0)" },
            environment: { environment }
        )
    }

    private func executable(_ function: ResolvedFunction?) throws -> BundleExecutable {
        guard case .found(let executable) = try #require(function).bundle else {
            throw try #require(nil as (any Error)?, "there is no bundle")
        }
        return executable
    }

    @Test func `nothing has changed: everything is equal, and builds keep their descriptor`() throws {
        try self.directory.write(ManifestText.function("a"), to: "manifests/a.yaml")
        try self.directory.write(ManifestText.function("b"), to: "manifests/b.yaml")
        var reader = self.reader()
        let first = reader.read()
        let second = reader.read()
        #expect(first.problems == [])
        #expect(first.manifests.map(\.name) == ["a", "b"])
        #expect(first.manifests == second.manifests)
        let executables = try (first.manifests + second.manifests).map { try self.executable($0.function) }
        #expect(executables.allSatisfy { $0 === executables.first })
        #expect(try self.directory.openDescriptors() == 1)
    }

    @Test func `a new build of the bundle makes another version of the functions that use it, and of no other`() throws
    {
        try self.directory.write(ManifestText.function("a"), to: "manifests/a.yaml")
        try self.directory.write(ManifestText.function("b", bundle: "audit"), to: "manifests/b.yaml")
        try self.directory.deploy("/bin/sh", as: "audit")
        var reader = self.reader()
        let before = reader.read().manifests
        try self.directory.deploy("/bin/sh", as: "orders")
        let after = reader.read().manifests
        #expect(before.first != after.first)
        #expect(before.first?.manifest == after.first?.manifest)
        #expect(before.last == after.last)
        #expect(before.count == 2)
    }

    @Test func `a bundle that is missing or comes back changes the version and names the path`() throws {
        try self.directory.write(ManifestText.function("a"), to: "manifests/a.yaml")
        var reader = self.reader()
        let before = reader.read().manifests
        #expect(before.first?.obstacle == nil)
        try self.directory.remove("orders")
        let missing = reader.read().manifests
        let obstacle = try #require(missing.first?.obstacle)
        #expect(obstacle.contains("opening the bundle \(self.directory.path)/orders failed: No such file"))
        #expect(missing == reader.read().manifests)
        try self.directory.deploy("/bin/sh", as: "orders")
        let after = reader.read().manifests
        #expect(after.first?.obstacle == nil)
        #expect(after != before)
    }

    @Test func `another secret makes another version, and no secret is ever shown`() throws {
        try self.directory.write(
            ManifestText.function(
                "a",
                adding: "env:",
                "  TOKEN: { fromFile: \(self.directory.path("secret")) }",
                "  KEY: { fromEnv: KEY }"
            ),
            to: "manifests/a.yaml"
        )
        try self.directory.write("hush-one", to: "secret")
        var reader = self.reader(["KEY": "hush-key"])
        let before = reader.read().manifests
        #expect(before.first?.function?.environment == .complete(["TOKEN": "hush-one", "KEY": "hush-key"]))
        try self.directory.write("hush-two", to: "secret")
        let after = reader.read().manifests
        #expect(before != after)
        var shown = "\(after) \(String(reflecting: after))"
        dump(after, to: &shown)
        #expect(shown.contains("TOKEN"))
        #expect(!shown.contains("hush"))
        try self.directory.remove("secret")
        let reason = try #require(reader.read().manifests.first?.obstacle)
        #expect(reason.contains("TOKEN wants the file '\(self.directory.path("secret").prefix(20))"))
    }

    @Test func `a file with problems is reported, and an empty one has one`() throws {
        try self.directory.write(ManifestText.function("a"), to: "manifests/a.yaml")
        try self.directory.write("name: [", to: "manifests/b.yaml")
        try self.directory.write("", to: "manifests/c.yaml")
        try self.directory.write("# nothing yet", to: "manifests/d.yaml")
        var reader = self.reader()
        let deployment = reader.read()
        #expect(deployment.manifests.map(\.name) == ["a"])
        let path = self.directory.path("manifests")
        #expect(Set(deployment.problems.map(\.file)) == ["\(path)/b.yaml", "\(path)/c.yaml"])
        #expect(deployment.problems == deployment.problems.sorted())
        try self.directory.remove("manifests")
        let gone = reader.read()
        #expect(gone.problems.map(\.file) == [path])
        #expect(gone.directory == path)
    }

    @Test func `descriptors stay flat over a thousand reloads`() throws {
        var reader = self.reader()
        var state = ReloadState()
        var most = 0
        for round in 1...1000 {
            let concurrency = "concurrency: \(1 + round % 7)"
            try self.directory.write(ManifestText.function("a", adding: concurrency), to: "manifests/a.yaml")
            if round % 5 == 0 { try self.directory.deploy("/bin/sh", as: "orders") }
            for action in state.apply(reader.read(), settled: true, retryingRejected: false) {
                guard case .change(let key, _, let revision) = action else { continue }
                // Every other build is refused by its workers.
                _ =
                    round % 2 == 0
                    ? state.switched(key, to: revision)
                    : state.rejected(key, revision: revision, reason: "it is bad")
            }
            most = max(most, try self.directory.openDescriptors())
        }
        // The running build, the rejected one and the one in the directory.
        #expect(most <= 3)
        #expect(most >= 1)
    }
}
