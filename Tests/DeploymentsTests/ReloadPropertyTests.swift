import Deployments
import Manifests
import Messaging
import SeededGeneration
import Testing

/// Random histories with fixed seeds: whatever is edited, and however steps end, the rules of `ReloadState` hold.
struct ReloadPropertyTests {
    private static let files = ["a.yaml", "b.yaml", "c.yaml"]

    /// Some of few names, queues and versions in few files, so that they often meet.
    private static func functions(_ random: inout SeededGenerator) throws -> [ResolvedManifest] {
        let sound = ResolvedBundle.found(try .open("/bin/sh"))
        return try (0..<Int.random(in: 0...4, using: &random)).map { _ in
            let isMissing = Int.random(in: 0..<8, using: &random) == 0
            return try ResolvedManifest.test(
                ["f", "g", "h", "f.dead"].randomElement(using: &random) ?? "f",
                file: self.files.randomElement(using: &random) ?? "a.yaml",
                queue: [nil, nil, "q", "t.f", "t.f.1"].randomElement(using: &random) ?? nil,
                partitions: [nil, nil, nil, 0, 1, 3].randomElement(using: &random) ?? nil,
                concurrency: Int.random(in: 1...3, using: &random),
                bundle: isMissing ? .missing(reason: "no such file") : sound
            )
        }.sorted { $0.manifest.source < $1.manifest.source }
    }

    private static func isSound(_ functions: [ResolvedManifest]) -> Bool {
        ManifestCheck.problems(in: functions.map(\.claim), namespace: Deployment.testNamespace).isEmpty
    }

    /// One edit of some files, applied and checked.
    private static func edit(
        _ state: inout ReloadState,
        _ model: inout ReloadModel,
        _ last: inout [ResolvedManifest],
        _ random: inout SeededGenerator
    ) throws {
        // Often everything is as it was; sometimes a file with problems loses its functions, sometimes only some.
        if Bool.random(using: &random) { last = try self.functions(&random) }
        var bad = self.files.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
        if Int.random(in: 0..<20, using: &random) == 0 { bad.append(Deployment.testDirectory) }
        let functions = last.filter { function in
            !bad.contains(Deployment.testDirectory)
                && (!bad.contains(function.manifest.source.file) || Bool.random(using: &random))
        }
        let settled = Int.random(in: 0..<4, using: &random) > 0
        let retrying = Int.random(in: 0..<10, using: &random) == 0
        let deployment = Deployment.test(functions, problemsIn: bad)
        let before = state.running
        let actions = state.apply(deployment, settled: settled, retryingRejected: retrying)
        let isSound = state.problems.isEmpty
        if !bad.isEmpty || !self.isSound(functions) {
            #expect(!isSound)
        } else {
            #expect(state.problems.allSatisfy { $0.what.contains("are to take each other's queues") })
        }
        if retrying { model.forgetRejections() }
        model.hear(deployment, isSound: isSound)
        model.perform(actions, mayRemove: isSound && settled)
        if bad.contains(Deployment.testDirectory) {
            #expect(actions.allSatisfy { if case .report = $0 { true } else { retrying } })
        }
        // Nothing that ran is touched by an apply itself: it takes a confirmation to change what runs.
        for (key, function) in before { #expect(state.running[key] == function) }
        #expect(state.running == model.running)
        let again = state.apply(deployment, settled: settled, retryingRejected: false)
        #expect(again == [], "the same again is not the same")
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `steps follow the rules, and what runs ends as what is wanted`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var state = ReloadState()
        var model = ReloadModel()
        var last: [ResolvedManifest] = []
        for _ in 0..<100 {
            if Int.random(in: 0..<3, using: &random) == 0 {
                try Self.edit(&state, &model, &last, &random)
            } else if let key = model.steps.keys.sorted().randomElement(using: &random) {
                model.finish(key, well: Int.random(in: 0..<3, using: &random) > 0, &state)
            }
            #expect(state.running == model.running)
            #expect(state.isChanging == !model.steps.isEmpty)
        }
        #expect(model.actions > 0)

        // In the end everything is good, settled and starts.
        var wanted: [ResolvedManifest]
        repeat {
            wanted = try Self.functions(&random)
        } while wanted.isEmpty || !Self.isSound(wanted) || wanted.flatMap(\.consumers).contains { $0.obstacle != nil }
        model.forgetRejections()
        // Queues that would go round in a ring need a new one first.
        let apart = try wanted.enumerated().map { number, manifest in
            try ResolvedManifest.test(manifest.name, file: manifest.manifest.source.file, queue: "x\(number)")
        }
        for deployment in [apart, wanted] {
            model.perform(state.apply(.test(deployment), settled: true, retryingRejected: true), mayRemove: true)
            while let key = model.steps.keys.min() { model.finish(key, well: true, &state) }
        }
        while let key = model.steps.keys.min() { model.finish(key, well: true, &state) }
        let consumers = wanted.flatMap(\.consumers)
        #expect(Set(model.running.keys) == Set(consumers.map { $0.key(namespace: Deployment.testNamespace) }))
        for consumer in consumers {
            #expect(model.running[consumer.key(namespace: Deployment.testNamespace)] == consumer)
        }
        #expect(state.running == model.running)
        #expect(!state.isChanging)
    }

    @Test(arguments: 200..<230 as Range<UInt64>)
    func `what came from a file stays as it is while the file is wrong`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var state = ReloadState()
        var model = ReloadModel()
        let kept = try ResolvedManifest.test("kept", file: "kept.yaml")
        model.perform(state.apply(.test([kept]), settled: true, retryingRejected: false), mayRemove: true)
        for _ in 0..<50 {
            let others = try Self.functions(&random)
            let edited = try ResolvedManifest.test("kept", file: "kept.yaml", concurrency: 5)
            let deployment = Deployment.test(
                Bool.random(using: &random) ? others : others + [edited],
                problemsIn: ["kept.yaml"]
            )
            model.hear(deployment, isSound: false)
            model.perform(state.apply(deployment, settled: true, retryingRejected: false), mayRemove: false)
            #expect(model.steps[.test("kept")] == nil)
            #expect(model.running[.test("kept")] == kept.consumer)
            while let key = model.steps.keys.min() {
                model.finish(key, well: Bool.random(using: &random), &state)
            }
        }
        #expect(model.running.count > 1)
    }
}
