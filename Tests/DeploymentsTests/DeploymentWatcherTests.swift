import Deployments
import Foundation
import Manifests
import Synchronization
import Testing
import Waiting

struct DeploymentWatcherTests {
    private let directory: TemporaryDirectory
    private let record = WatchRecord()

    init() throws { self.directory = try TemporaryDirectory.forDeployments() }

    private func text(_ name: String, _ concurrency: Int) -> String {
        ManifestText.function(name, adding: "concurrency: \(concurrency)")
    }

    private func watch() throws -> DeploymentWatcher { try self.directory.watch(telling: self.record) }

    private func waitFor(_ running: [String: Int]) async throws {
        try await wait(for: "\(running) to run") { self.record.running == running }
    }

    @Test func `what is there is told at once, and what comes, changes and goes after it`() async throws {
        try self.directory.write(self.text("a", 1), to: "manifests/a.yaml")
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await self.waitFor(["a": 1])
        #expect(self.record.told.first?.settled == true)
        try self.directory.write(self.text("b", 1), to: "manifests/b.yml")
        try await self.waitFor(["a": 1, "b": 1])
        // An editor that writes in place, and one that renames.
        try self.directory.write(self.text("a", 2), to: "manifests/a.yaml")
        try await self.waitFor(["a": 2, "b": 1])
        try self.directory.replace("manifests/a.yaml", with: self.text("a", 3))
        try await self.waitFor(["a": 3, "b": 1])
        try self.directory.remove("manifests/b.yml")
        try await self.waitFor(["a": 3])
        #expect(self.record.removals == 1)
    }

    @Test func `a file that is truncated and written much later removes nothing in between`() async throws {
        try self.directory.write(self.text("a", 1), to: "manifests/a.yaml")
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await self.waitFor(["a": 1])
        try self.directory.write("", to: "manifests/a.yaml")
        try await wait(for: "the empty file to be refused") { self.record.told.last?.deployment.problems.count == 1 }
        #expect(self.record.running == ["a": 1])
        try self.directory.write(self.text("a", 2), to: "manifests/a.yaml")
        try await self.waitFor(["a": 2])
        #expect(self.record.removals == 0)
    }

    @Test func `the swap of a ConfigMap by Kubernetes is one change`() async throws {
        // As the kubelet's atomic writer does it: every file is a link through ..data, which is renamed over.
        try self.directory.makeDirectory("manifests/..1")
        try self.directory.write(self.text("a", 1), to: "manifests/..1/a.yaml")
        try self.directory.write(self.text("b", 1), to: "manifests/..1/b.yaml")
        try self.directory.link("manifests/..data", to: "..1")
        for name in ["a.yaml", "b.yaml"] { try self.directory.link("manifests/\(name)", to: "..data/\(name)") }
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await self.waitFor(["a": 1, "b": 1])

        try self.directory.makeDirectory("manifests/..2")
        try self.directory.write(self.text("a", 2), to: "manifests/..2/a.yaml")
        try self.directory.write(self.text("b", 2), to: "manifests/..2/b.yaml")
        try self.directory.link("manifests/..data_tmp", to: "..2")
        try self.directory.rename("manifests/..data_tmp", to: "manifests/..data")
        try self.directory.remove("manifests/..1")
        try await self.waitFor(["a": 2, "b": 2])
        // Never half of it, and never nothing.
        for told in self.record.told {
            let versions = told.deployment.manifests.flatMap(\.consumers).map(\.manifest.concurrency)
            #expect(versions == [1, 1] || versions == [2, 2])
        }
        #expect(self.record.removals == 0)
    }

    @Test func `a directory that is replaced through a link is read anew`() async throws {
        try self.directory.remove("manifests")
        for release in 1...2 {
            try self.directory.makeDirectory("release-\(release)")
            try self.directory.write(self.text("a", release), to: "release-\(release)/a.yaml")
        }
        try self.directory.link("manifests", to: "release-1")
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await self.waitFor(["a": 1])
        try self.directory.link("next", to: "release-2")
        try self.directory.rename("next", to: "manifests")
        try await self.waitFor(["a": 2])
        // One that is gone for a while removes nothing.
        try self.directory.remove("manifests")
        try await wait(for: "the lack to be told") { self.record.told.last?.deployment.problems.isEmpty == false }
        #expect(self.record.running == ["a": 2])
        try self.directory.link("manifests", to: "release-1")
        try await self.waitFor(["a": 1])
        #expect(self.record.removals == 0)
    }

    @Test func `a new build and a new secret are changes of the functions that use them`() async throws {
        let secret = self.directory.path("secret")
        try self.directory.write("one", to: "secret")
        try self.directory.write(
            ManifestText.function("a", adding: "env: { TOKEN: { fromFile: \(secret) } }"),
            to: "manifests/a.yaml"
        )
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await wait(for: "the function to run") { self.record.functions.count == 1 }
        let first = try #require(self.record.functions.first)
        #expect(first.environment == .complete(["TOKEN": "one"]))

        try self.directory.replace("secret", with: "two")
        try await wait(for: "the new secret") {
            self.record.functions.first?.environment == .complete(["TOKEN": "two"])
        }
        #expect(self.record.functions.first?.bundle == first.bundle)
        try self.directory.deploy("/bin/sh", as: "orders")
        try await wait(for: "the new build") { self.record.functions.first?.bundle != first.bundle }
        #expect(self.record.functions.first?.obstacle == nil)
    }

    @Test func `a check tells at once, changed or not, and asks for another try`() async throws {
        try self.directory.write(self.text("a", 1), to: "manifests/a.yaml")
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await self.waitFor(["a": 1])
        #expect(self.record.told.allSatisfy { !$0.retryingRejected })
        watcher.check()
        try await wait(for: "the check") { self.record.told.contains { $0.retryingRejected && $0.settled } }
        #expect(self.record.told.count { $0.retryingRejected } == 1)
    }

    @Test func `what is read while it changes is not told, but read again`() async throws {
        try self.directory.write(self.text("a", 1), to: "manifests/a.yaml")
        let (directory, record) = (self.directory, self.record)
        let overtaken = Mutex(false)
        let last = self.text("a", 3)
        let reader = DeploymentReader(
            namespace: "t",
            manifestDirectory: directory.path("manifests"),
            bundlePath: { directory.path($0) },
            // Asked for in the middle of a reading, when the manifests have been read.
            environment: {
                let text = try? String(contentsOfFile: directory.path("manifests/a.yaml"), encoding: .utf8)
                guard text?.contains("concurrency: 2") == true else { return [:] }
                overtaken.withLock { $0 = true }
                try? directory.replace("manifests/a.yaml", with: last)
                return [:]
            }
        )
        let watcher = try DeploymentWatcher(reader: reader) { record.hear($0, $1, $2) }
        defer { watcher.stop() }
        try await self.waitFor(["a": 1])
        try self.directory.replace("manifests/a.yaml", with: self.text("a", 2))
        try await self.waitFor(["a": 3])
        #expect(overtaken.withLock { $0 })
        let told = self.record.told.compactMap { $0.deployment.manifests.first?.consumers.first }
        #expect(!told.contains { $0.manifest.concurrency == 2 })
    }

    @Test func `edits ten times a second, half of them invalid, end with the last good one`() async throws {
        try self.directory.write(self.text("a", 1), to: "manifests/a.yaml")
        try self.directory.write(self.text("calm", 1), to: "manifests/calm.yaml")
        let watcher = try self.watch()
        defer { watcher.stop() }
        try await self.waitFor(["a": 1, "calm": 1])
        for edit in 2...21 {
            let isGood = edit % 2 == 0
            let text = isGood ? self.text("a", edit) : "concurrency: [\(edit)"
            try self.directory.replace("manifests/a.yaml", with: text)
            #expect(self.record.running.keys.sorted() == ["a", "calm"])
            // The pace of the edits, not a wait for what comes of them.
            try await Task.sleep(for: .milliseconds(100))
        }
        try self.directory.replace("manifests/a.yaml", with: self.text("a", 22))
        try await self.waitFor(["a": 22, "calm": 1])
        try await wait(for: "a report of a bad edit") { !self.record.actions.isEmpty }
        #expect(self.record.removals == 0)
        let changed = self.record.actions.compactMap { action -> String? in
            if case .change(let key, _, _) = action { key.name } else { nil }
        }
        #expect(changed.allSatisfy { $0 == "a" })
        #expect(
            self.record.actions.contains {
                if case .report(.refused(_, _, stillRunning: ["a"])) = $0 { true } else { false }
            }
        )
    }

    @Test func `a watcher that is dropped ends its thread and lets go of everything`() async throws {
        try self.directory.write(self.text("a", 1), to: "manifests/a.yaml")
        final class Witness: Sendable {}
        var witness: Witness? = Witness()
        weak let seen = witness
        let record = self.record
        let path = self.directory.path
        var watcher: DeploymentWatcher? = try DeploymentWatcher(
            reader: DeploymentReader(
                namespace: "t",
                manifestDirectory: "\(path)/manifests",
                bundlePath: { "\(path)/\($0)" },
                environment: { [:] }
            )
        ) { [witness] deployment, _, _ in
            withExtendedLifetime(witness) { record.hear(deployment, true, false) }
        }
        witness = nil
        try await self.waitFor(["a": 1])
        #expect(seen != nil)
        #expect(watcher != nil)
        watcher = nil
        try await wait(for: "the thread to end") { seen == nil }
    }
}
