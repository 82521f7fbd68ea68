import Deployments
import Manifests
import Testing

/// Manifests that have no consumer, or several, which divide their events.
struct ReloadConsumersTests {
    private var state = ReloadState()

    private mutating func apply(_ manifests: ResolvedManifest..., problemsIn files: [String] = []) -> [ReloadAction] {
        self.state.apply(.test(manifests, problemsIn: files), settled: true, retryingRejected: false)
    }

    /// All of its removals are confirmed.
    private mutating func finishRemovals(_ actions: [ReloadAction]) {
        for case .remove(let key, _) in actions { _ = self.state.removed(key) }
    }

    @Test mutating func `each partition is a consumer of its own, with its own queue`() throws {
        let manifest = try ResolvedManifest.test("a", partitions: 2)
        #expect(
            self.apply(manifest) == [
                .add(.test("a", partition: 0), manifest.consumers[0], revision: 1),
                .add(.test("a", partition: 1), manifest.consumers[1], revision: 2),
            ]
        )
        #expect(self.apply(manifest) == [])
    }

    @Test mutating func `a change is made in each partition, and one that cannot start stops only its own`() throws {
        _ = try self.apply(.test("a", partitions: 2))
        let new = try ResolvedManifest.test("a", partitions: 2, concurrency: 2)
        let (first, second) = (ConsumerKey.test("a", partition: 0), ConsumerKey.test("a", partition: 1))
        #expect(
            self.apply(new) == [
                .change(first, new.consumers[0], revision: 3), .change(second, new.consumers[1], revision: 4),
            ]
        )
        #expect(
            self.state.rejected(first, revision: 3, reason: "no handshake")
                == [.report(.rejected(first, reason: "no handshake"))]
        )
        #expect(self.state.switched(second, to: 4) == [])
        #expect(self.state.running[first] != new.consumers[0])
        #expect(self.state.running[second] == new.consumers[1])
    }

    @Test mutating func `one partition more adds a consumer, and touches none that runs`() throws {
        _ = try self.apply(.test("a", partitions: 2))
        let new = try ResolvedManifest.test("a", partitions: 3)
        #expect(self.apply(new) == [.add(.test("a", partition: 2), new.consumers[2], revision: 3)])
    }

    @Test mutating func `a partition less gives its events to those that are left`() throws {
        _ = try self.apply(.test("a", partitions: 3))
        let left = [ConsumerKey.test("a", partition: 0), .test("a", partition: 1)]
        let gone = ConsumerKey.test("a", partition: 2)
        #expect(try self.apply(.test("a", partitions: 2)) == [.remove(gone, .whenReplaced(by: left))])
        #expect(self.state.successors(of: gone) == left)
    }

    @Test mutating func `another queue moves each partition to the one with its number`() throws {
        _ = try self.apply(.test("a", partitions: 2))
        let removals = try self.apply(.test("a", queue: "q", partitions: 2)).filter {
            if case .remove = $0 { true } else { false }
        }
        #expect(
            removals
                == [0, 1].map {
                    .remove(.test("a", partition: $0), .whenReplaced(by: [.test("a", partition: $0, queue: "q")]))
                }
        )
    }

    @Test mutating func `what was one consumer is replaced by all partitions, which come first`() throws {
        let divided = try ResolvedManifest.test("a", partitions: 2)
        _ = try self.apply(.test("a"))
        #expect(
            self.apply(divided) == [
                .add(.test("a", partition: 0), divided.consumers[0], revision: 2),
                .add(.test("a", partition: 1), divided.consumers[1], revision: 3),
                .remove(.test("a"), .whenReplaced(by: [.test("a", partition: 0), .test("a", partition: 1)])),
            ]
        )
    }

    @Test mutating func `a manifest that would lose a partition waits as a whole while anything is wrong`() throws {
        let old = try ResolvedManifest.test("a", partitions: 3)
        let new = try ResolvedManifest.test("a", partitions: 2, concurrency: 2)
        _ = self.apply(old)
        let held = self.apply(new, problemsIn: ["b.yaml"])
        #expect(held.contains(.report(.removalHeld(name: "a"))))
        #expect(held.count == 2, "the other one is the refusal of b.yaml")
        #expect(self.apply(new).filter { if case .report = $0 { false } else { true } }.count == 3)
    }

    @Test mutating func `one without consumers runs nothing, and its name is taken all the same`() throws {
        let none = try ResolvedManifest.test("a", partitions: 0)
        #expect(self.apply(none) == [])
        // Its file cannot be read now, so the name is kept for it.
        let rival = try ResolvedManifest.test("a", file: "b.yaml")
        #expect(self.apply(rival, problemsIn: ["a.yaml"]).allSatisfy { if case .report = $0 { true } else { false } })
        #expect(Set(self.state.problems.map(\.file)) == ["a.yaml", "b.yaml"])
        #expect(self.apply(rival).contains(.add(.test("a"), rival.consumer, revision: 1)))
    }

    @Test mutating func `a manifest that has no consumers any more ends those that it had`() throws {
        _ = try self.apply(.test("a", partitions: 2))
        let removals = try self.apply(.test("a", partitions: 0))
        #expect(removals == [0, 1].map { .remove(.test("a", partition: $0), .atOnce) })
        self.finishRemovals(removals)
        #expect(self.state.running.isEmpty)
    }

    @Test mutating func `a partition's queue belongs to it alone`() throws {
        let rival = try ResolvedManifest.test("b", file: "b.yaml", queue: "t.a.1")
        let actions = try self.apply(.test("a", partitions: 2), rival)
        #expect(self.state.problems.map(\.file) == ["b.yaml"])
        #expect(self.state.problems.first?.what == "the queue 't.a.1' is taken by 'a/1' at a.yaml:1:1")
        #expect(actions.count == 3, "a refusal, and both partitions are added")
    }
}
