import Deployments
import Manifests
import Testing

struct ReloadStateTests {
    private var state = ReloadState()

    private mutating func apply(
        _ functions: ResolvedManifest...,
        problemsIn files: [String] = [],
        settled: Bool = true,
        retrying: Bool = false
    ) -> [ReloadAction] {
        self.state.apply(.test(functions, problemsIn: files), settled: settled, retryingRejected: retrying)
    }

    @Test mutating func `a new function is added, an unchanged one is not touched`() throws {
        let function = try ResolvedManifest.test("a")
        #expect(self.apply(function) == [.add(.test("a"), function.consumer, revision: 1)])
        #expect(self.apply(function) == [])
        // Moved to another file, it is still the same.
        #expect(try self.apply(.test("a", file: "b.yaml")) == [])
        #expect(!self.state.isChanging)
    }

    @Test mutating func `a changed function is switched over`() throws {
        let new = try ResolvedManifest.test("a", concurrency: 2)
        _ = try self.apply(.test("a"))
        #expect(self.apply(new) == [.change(.test("a"), new.consumer, revision: 2)])
        #expect(self.apply(new) == [])
        #expect(try self.state.running[.test("a")] == ResolvedManifest.test("a").consumer)
        #expect(self.state.isChanging)
        #expect(self.state.switched(.test("a"), to: 2) == [])
        #expect(self.state.running[.test("a")] == new.consumer)
        #expect(!self.state.isChanging)
        #expect(self.apply(new) == [])
    }

    @Test mutating func `a later change supersedes an unfinished one, whose confirmation then counts for nothing`()
        throws
    {
        let third = try ResolvedManifest.test("a", concurrency: 3)
        _ = try self.apply(.test("a"))
        _ = try self.apply(.test("a", concurrency: 2))
        #expect(self.apply(third) == [.change(.test("a"), third.consumer, revision: 3)])
        #expect(self.state.switched(.test("a"), to: 2) == [])
        #expect(self.state.rejected(.test("a"), revision: 2, reason: "late") == [])
        #expect(self.state.isChanging)
        _ = self.state.switched(.test("a"), to: 3)
        #expect(self.state.running[.test("a")] == third.consumer)
    }

    @Test mutating func `a change that is taken back is cancelled`() throws {
        let old = try ResolvedManifest.test("a")
        _ = self.apply(old)
        _ = try self.apply(.test("a", concurrency: 2))
        #expect(self.apply(old) == [.cancelChange(.test("a"))])
        #expect(self.apply(old) == [])
        #expect(!self.state.isChanging)
    }

    @Test mutating func `a rejected version is tried again when it differs or somebody asks for it`() throws {
        let bad = try ResolvedManifest.test("a", concurrency: 2)
        let good = try ResolvedManifest.test("a")
        _ = self.apply(good)
        _ = self.apply(bad)
        let rejection = self.state.rejected(.test("a"), revision: 2, reason: "no handshake")
        #expect(rejection == [.report(.rejected(.test("a"), reason: "no handshake"))])
        #expect(self.apply(bad) == [])
        #expect(self.apply(problemsIn: ["a.yaml"]).contains { !$0.isReport } == false)
        #expect(self.apply(bad) == [.report(.mended(file: "a.yaml"))])
        #expect(self.apply(bad, retrying: true) == [.change(.test("a"), bad.consumer, revision: 3)])
        _ = self.state.rejected(.test("a"), revision: 3, reason: "no handshake")
        #expect(self.apply(good) == [])
        #expect(self.apply(bad) == [.change(.test("a"), bad.consumer, revision: 4)])
    }

    @Test mutating func `a version without its bundle or environment is rejected without a try, and told once`() throws
    {
        let good = try ResolvedManifest.test("a")
        let bad = try ResolvedManifest.test("a", environment: .incomplete(reason: "TOKEN is missing"))
        _ = self.apply(good)
        _ = try self.apply(.test("a", concurrency: 2))
        let rejection = ReloadAction.report(.rejected(.test("a"), reason: "TOKEN is missing"))
        #expect(self.apply(bad) == [.cancelChange(.test("a")), rejection])
        #expect(self.apply(bad) == [])
        #expect(self.apply(bad, retrying: true) == [rejection])
        #expect(self.state.running[.test("a")] == good.consumer)
        // One that is new is added: its status shows what it lacks.
        let new = try ResolvedManifest.test("b", file: "b.yaml", bundle: .missing(reason: "no such file"))
        #expect(self.apply(good, new) == [.add(.test("b"), new.consumer, revision: 3)])
    }

    @Test mutating func `a function that is gone is removed, after a change of it is cancelled`() throws {
        _ = try self.apply(.test("a"))
        _ = try self.apply(.test("a", concurrency: 2))
        #expect(self.apply() == [.cancelChange(.test("a")), .remove(.test("a"), .atOnce)])
        #expect(self.apply() == [])
        #expect(self.state.switched(.test("a"), to: 2) == [])
        #expect(try self.state.running == [.test("a"): ResolvedManifest.test("a").consumer])
        #expect(self.state.isChanging)
        #expect(self.state.removed(.test("a")) == [])
        #expect(self.state.running.isEmpty)
        #expect(self.state.removed(.test("a")) == [])
    }

    @Test mutating func `one that is wanted again while it drains comes back when it has ended`() throws {
        let new = try ResolvedManifest.test("a", concurrency: 2)
        _ = try self.apply(.test("a"))
        _ = self.apply()
        #expect(self.apply(new) == [])
        #expect(self.state.removed(.test("a")) == [.add(.test("a"), new.consumer, revision: 2)])
        _ = self.apply()
        _ = self.apply(new)
        #expect(self.apply() == [])
        #expect(self.state.removed(.test("a")) == [])
    }

    @Test mutating func `another queue is another function, which comes before the old one goes`() throws {
        // By its name the new queue comes after the old one, which is 't.a'.
        let new = try ResolvedManifest.test("a", queue: "z")
        _ = try self.apply(.test("a"))
        #expect(
            self.apply(new) == [
                .add(.test("a", queue: "z"), new.consumer, revision: 2),
                .remove(.test("a"), .whenReplaced(by: [.test("a", queue: "z")])),
            ]
        )
    }

    @Test mutating func `another function on the same queue waits until the old one has ended`() throws {
        let new = try ResolvedManifest.test("b", queue: "q")
        _ = try self.apply(.test("a", queue: "q"))
        #expect(self.apply(new) == [.remove(.test("a", queue: "q"), .atOnce)])
        #expect(self.apply(new) == [])
        #expect(self.state.removed(.test("a", queue: "q")) == [.add(.test("b", queue: "q"), new.consumer, revision: 2)])
    }

    @Test mutating func `a file with problems changes nothing, and the others go on`() throws {
        let a = try ResolvedManifest.test("a")
        let b = try ResolvedManifest.test("b", file: "b.yaml")
        _ = self.apply(a, b)
        let changed = try ResolvedManifest.test("b", file: "b.yaml", concurrency: 2)
        let added = try ResolvedManifest.test("c", file: "c.yaml")
        let actions = try self.apply(
            .test("a", concurrency: 9),
            .test("new"),
            changed,
            added,
            problemsIn: ["a.yaml"]
        )
        #expect(
            actions == [
                .report(.refused(file: "a.yaml", problems: [.test(in: "a.yaml")], stillRunning: ["a"])),
                .change(.test("b"), changed.consumer, revision: 3),
                .add(.test("c"), added.consumer, revision: 4),
            ]
        )
        #expect(self.state.problems == [.test(in: "a.yaml")])
        #expect(self.apply(changed, added, problemsIn: ["a.yaml"]) == [])
        #expect(self.apply(a, changed, added) == [.report(.mended(file: "a.yaml"))])
        #expect(self.state.problems == [])
    }

    @Test mutating func `an invalid edit does not stop a change that is under way`() throws {
        let new = try ResolvedManifest.test("a", concurrency: 2)
        _ = try self.apply(.test("a"))
        _ = self.apply(new)
        #expect(self.apply(problemsIn: ["a.yaml"]).filter { !$0.isReport } == [])
        _ = self.state.switched(.test("a"), to: 2)
        #expect(self.state.running[.test("a")] == new.consumer)
    }

    @Test mutating func `nothing is removed while anything is wrong or still being written`() throws {
        let a = try ResolvedManifest.test("a")
        let b = try ResolvedManifest.test("b", file: "b.yaml")
        _ = self.apply(a, b)
        #expect(self.apply(a, settled: false) == [])
        let refusal = ReloadAction.report(
            .refused(file: "c.yaml", problems: [.test(in: "c.yaml")], stillRunning: [])
        )
        #expect(self.apply(a, problemsIn: ["c.yaml"]) == [refusal, .report(.removalHeld(name: "b"))])
        #expect(self.apply(a, problemsIn: ["c.yaml"]) == [])
        #expect(self.apply(a) == [.report(.mended(file: "c.yaml")), .remove(.test("b"), .atOnce)])
    }

    @Test mutating func `a directory that cannot be read removes nothing`() throws {
        _ = try self.apply(.test("a"), .test("b", file: "b.yaml"))
        let directory = Deployment.testDirectory
        let problem = ManifestProblem.test(in: directory)
        #expect(
            self.apply(problemsIn: [directory]) == [
                .report(.refused(file: directory, problems: [problem], stillRunning: ["a", "b"]))
            ]
        )
        #expect(self.apply(problemsIn: [directory]) == [])
        #expect(self.state.running.count == 2)
    }

    @Test mutating func `what moves to another queue waits while nothing may be removed`() throws {
        let moved = try ResolvedManifest.test("a", queue: "q")
        _ = try self.apply(.test("a"))
        #expect(self.apply(moved, settled: false) == [])
        #expect(self.apply(moved).count == 2)
    }

    @Test mutating func `one that waits for its queue is not removed while anything is wrong`() throws {
        _ = try self.apply(.test("a", file: "a.yaml"), .test("b", file: "b.yaml"))
        let new = try ResolvedManifest.test("a", file: "a.yaml", queue: "t.b")
        // b goes, and a takes its queue: it waits until b has drained.
        #expect(self.apply(new).count == 2)
        // Now the manifest of a is moved to another file, with a mistake in it.
        let wrong = self.apply(problemsIn: ["c.yaml"])
        #expect(wrong.contains(.report(.removalHeld(name: "a"))))
        #expect(self.state.successors(of: .test("a")) == [.test("a", queue: "t.b")])
        #expect(self.state.removed(.test("b")) == [.add(.test("a", queue: "t.b"), new.consumer, revision: 3)])
    }

    @Test mutating func `queues that would go round in a ring are refused, and all go on as they are`() throws {
        let old = try (1...3).map { try ResolvedManifest.test("f\($0)", file: "\($0).yaml") }
        _ = self.state.apply(.test(old), settled: true, retryingRejected: false)
        let ring = try [(1, "t.f2"), (2, "t.f3"), (3, "t.f1")].map { number, queue in
            try ResolvedManifest.test("f\(number)", file: "\(number).yaml", queue: queue)
        }
        let actions = self.state.apply(.test(ring), settled: true, retryingRejected: false)
        #expect(actions.allSatisfy { $0.isReport })
        #expect(self.state.problems.map(\.file) == ["1.yaml", "2.yaml", "3.yaml"])
        #expect(self.state.problems[0].what.hasPrefix("'f1' and 'f2', 'f3' are to take each other's queues"))
        // With a new queue for one of them, the others follow.
        let opened = try Array(ring.prefix(2)) + [.test("f3", file: "3.yaml", queue: "new")]
        let moves = self.state.apply(.test(opened), settled: true, retryingRejected: false).filter { !$0.isReport }
        #expect(moves.count == 4, "f3 is added on its new queue, and all three leave")
        #expect(self.state.problems == [])
    }

    @Test mutating func `of two files in each other's way the one that runs wins`() throws {
        let running = try ResolvedManifest.test("a", file: "z.yaml")
        let rival = try ResolvedManifest.test("a", file: "b.yaml", concurrency: 2)
        _ = self.apply(running)
        // Its file cannot be read now, so it is kept; the rival comes first by its name.
        let actions = self.apply(rival, problemsIn: ["z.yaml"])
        #expect(actions.filter { !$0.isReport } == [])
        #expect(actions.count == 2)
        #expect(Set(self.state.problems.map(\.file)) == ["b.yaml", "z.yaml"])
        #expect(self.state.running == [.test("a"): running.consumer])
    }

    @Test mutating func `a refusal that keeps a function can refuse another file in turn`() throws {
        _ = try self.apply(.test("a", file: "a.yaml"), .test("b", file: "b.yaml", queue: "qb"))
        // a.yaml is wrong and keeps 'a'; b.yaml wants the name 'a' and so keeps 'b'; c.yaml wants the queue of 'b'.
        let actions = try self.apply(
            .test("a", file: "b.yaml", queue: "other"),
            .test("c", file: "c.yaml", queue: "qb"),
            .test("d", file: "d.yaml"),
            problemsIn: ["a.yaml"]
        )
        #expect(Set(self.state.problems.map(\.file)) == ["a.yaml", "b.yaml", "c.yaml"])
        let added = try ResolvedManifest.test("d", file: "d.yaml").consumer
        #expect(actions.filter { !$0.isReport } == [.add(.test("d"), added, revision: 3)])
    }

    @Test mutating func `a file that takes a kept function's dead letters is refused, though the other is located`()
        throws
    {
        _ = try self.apply(.test("a.dead", file: "a.yaml"))
        let actions = try self.apply(.test("a", file: "b.yaml"), problemsIn: ["a.yaml"])
        #expect(actions.filter { !$0.isReport } == [])
        #expect(
            actions.contains {
                if case .report(.refused(file: "b.yaml", _, stillRunning: [])) = $0 { true } else { false }
            }
        )
    }

    @Test func `reports say what happened and what goes on`() {
        let problem = ManifestProblem.test(in: "a.yaml")
        let refusal = ReloadReport.refused(file: "a.yaml", problems: [problem, problem], stillRunning: ["a", "b"])
        #expect(
            refusal.lines == [
                "a.yaml is refused and changes nothing; what was deployed before goes on: a, b",
                "a.yaml:1:1: error: it is wrong; mend it", "a.yaml:1:1: error: it is wrong; mend it",
            ]
        )
    }
}

extension ReloadAction {
    fileprivate var isReport: Bool {
        if case .report = self { true } else { false }
    }
}
