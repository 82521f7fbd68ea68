import Deployments
import Foundation
import Manifests
import Synchronization
import Testing
import Waiting

/// Files that cannot be read for the moment. Opening one on which somebody holds a lease fails as long as it is held,
/// and nothing that a look at the file finds changes when it is given back.
struct PassingErrorTests {
    private let directory: TemporaryDirectory
    private let record = WatchRecord()

    init() throws { self.directory = try TemporaryDirectory.forDeployments() }

    private func watch() throws -> DeploymentWatcher { try self.directory.watch(telling: self.record) }

    private var refusals: [String] {
        self.record.actions.compactMap { action in
            switch action {
            case .report(.refused(_, let problems, _)): problems.map(\.description).joined()
            case .report(.rejected(_, let reason)): reason
            case .report, .add, .change, .cancelChange, .remove: nil
            }
        }
    }

    @Test func `a secret that cannot be read for the moment is read again by itself`() async throws {
        let secret = self.directory.path("secret")
        try self.directory.write("hush", to: "secret")
        try self.directory.write(
            ManifestText.function("a", adding: "env: { TOKEN: { fromFile: \(secret) } }"),
            to: "manifests/a.yaml"
        )
        let lease = try FileLease(secret)
        let watcher = try self.watch()
        defer { watcher.stop() }
        // At the start everything is read twice whatever comes of it.
        try await wait(for: "the function without its secret, twice") { self.record.told.count >= 2 }
        let obstacle = try #require(self.record.functions.first?.obstacle)
        #expect(obstacle.contains("it cannot be read (Resource temporarily unavailable)"))
        #expect(obstacle.contains("a running host reads it again every second"))
        lease.end()
        try await wait(for: "the secret") {
            self.record.functions.first?.environment == .complete(["TOKEN": "hush"])
        }
    }

    @Test func `a new version waits for its secret, is told of once, and comes by itself`() async throws {
        let secret = self.directory.path("secret")
        try self.directory.write("hush", to: "secret")
        try self.directory.write(ManifestText.function("a"), to: "manifests/a.yaml")
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await wait(for: "the function") { self.record.functions.count == 1 }
        let lease = try FileLease(secret)
        try self.directory.replace(
            "manifests/a.yaml",
            with: ManifestText.function("a", adding: "env: { TOKEN: { fromFile: \(secret) } }")
        )
        try await wait(for: "the report") { !self.refusals.isEmpty }
        let told = self.record.told.count
        try await wait(for: "two repetitions") { self.record.told.count >= told + 2 }
        #expect(self.refusals.count == 1, "\(self.refusals)")
        lease.end()
        try await wait(for: "the new version") {
            self.record.functions.first?.environment == .complete(["TOKEN": "hush"])
        }
    }

    @Test func `a manifest that cannot be read for the moment is told of once and read again by itself`() async throws {
        try self.directory.write(ManifestText.function("a"), to: "manifests/a.yaml")
        try self.directory.write(ManifestText.function("b"), to: "manifests/b.yaml")
        let lease = try FileLease(self.directory.path("manifests/b.yaml"))
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await wait(for: "the other one") { self.record.running.keys.sorted() == ["a"] }
        let told = self.record.told.count
        try await wait(for: "two repetitions") { self.record.told.count >= told + 2 }
        #expect(self.refusals.count == 1, "\(self.refusals)")
        #expect(self.refusals.first?.contains("Resource temporarily unavailable") == true)
        lease.end()
        try await wait(for: "both") { self.record.running.keys.sorted() == ["a", "b"] }
        #expect(self.record.actions.contains { $0 == .report(.mended(file: self.directory.path("manifests/b.yaml"))) })
    }

    @Test func `an error of the disk passes, as far as anybody can tell`() async throws {
        // The first page of a process is never there, and reading it is answered like a broken disk.
        try self.directory.link("secret", to: "/proc/self/mem")
        let secret = self.directory.path("secret")
        try self.directory.write(
            ManifestText.function("a", adding: "env: { TOKEN: { fromFile: \(secret) } }"),
            to: "manifests/a.yaml"
        )
        let watcher = try self.watch()
        defer { watcher.stop() }
        // Twice at the start, and then for that reason alone.
        try await wait(for: "repetitions") { self.record.told.count >= 4 }
        let obstacle = try #require(self.record.functions.first?.obstacle)
        #expect(obstacle.contains("it cannot be read (Input/output error): a running host reads it again every second"))
    }

    // In a process of its own: all others would lack descriptors, too.
    @Test func `files that cannot be opened for lack of descriptors are opened again by themselves`() async throws {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let record = WatchRecord()
            try directory.makeDirectory("manifests")
            for bundle in ["first", "second"] { try directory.deploy("/bin/sh", as: bundle) }
            try directory.write("hush", to: "secret")
            func write(_ name: String, _ bundle: String, _ concurrency: Int) throws {
                let lines = "concurrency: \(concurrency)\nenv: { TOKEN: { fromFile: \(directory.path("secret")) } }"
                let text = ManifestText.function(name, bundle: bundle, adding: lines)
                try directory.replace("manifests/\(name).yaml", with: text)
            }
            try write("a", "first", 1)
            try write("b", "second", 1)
            let isShort = Mutex(false)
            let reader = DeploymentReader(
                namespace: "t",
                manifestDirectory: directory.path("manifests"),
                // Asked for in the middle of a reading: the first function's files fall into the shortage.
                bundlePath: { bundle in
                    DescriptorShortage.set(bundle == "first" && isShort.withLock { $0 })
                    return directory.path(bundle)
                },
                environment: { [:] }
            )
            let watcher = try DeploymentWatcher(reader: reader) { record.hear($0, $1, $2) }
            defer { watcher.stop() }
            try await wait(for: "both") { record.running == ["a": 1, "b": 1] }
            isShort.withLock { $0 = true }
            try write("a", "first", 2)
            try await wait(for: "the report") {
                record.actions.contains { action in
                    guard case .report(.rejected(_, let reason)) = action else { return false }
                    return reason.contains("Too many open files")
                }
            }
            isShort.withLock { $0 = false }
            try await wait(for: "the new version") { record.running == ["a": 2, "b": 1] }
        }
    }
}
