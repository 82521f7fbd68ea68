import Deployments
import Manifests
import Messaging
import Testing

@testable import Processing

/// A function whose manifest names another queue.
struct RuntimeMoveTests {
    private var runtime = StateUnderTest()
    private let f: FunctionManifest
    private let moved: FunctionManifest
    private let old = ConsumerKey.test("f")
    private let new = ConsumerKey.test("f", queue: "other")

    init() throws {
        self.f = try .test("f")
        self.moved = self.f.with { $0.queue = "other" }
        self.runtime.run(self.f)
    }

    private mutating func unbind() {
        _ = self.runtime.apply(self.moved)
        _ = self.runtime.hear(.declared(.consumer(self.new), nil))
        _ = self.runtime.hear(.due(.move(self.old)))
    }

    private mutating func look(
        ready: Int = 0,
        consumers: Int = 1,
        hasWorkers: Bool = true,
        hasNothingToDo: Bool = true
    ) -> [String] {
        #expect(self.runtime.hear(.due(.move(self.old))) == ["inspect t.f", "arm move of t.f"])
        let facts = PipelineFacts(hasWorkers: hasWorkers, isConsuming: true, hasNothingToDo: hasNothingToDo)
        return self.runtime.inspected(self.old, ready: ready, consumers: consumers, facts)
    }

    @Test mutating func `it is unbound only when its successor's queue is there, and stays until it is worked off`() {
        #expect(
            self.runtime.apply(self.moved) == [
                "add other", "declare other", "note moving t.f to other", "arm move of t.f",
            ]
        )
        #expect(self.runtime.hear(.due(.move(self.old))) == ["arm move of t.f"])
        let error = StateUnderTest.unreachable
        #expect(self.runtime.hear(.declared(.consumer(self.new), error)) == ["arm declare other", "other has failed"])
        #expect(self.runtime.hear(.due(.move(self.old))) == ["arm move of t.f"])
        #expect(self.runtime.hear(.due(.declare(.consumer(self.new)))) == ["declare other"])
        #expect(self.runtime.hear(.declared(.consumer(self.new), nil)) == ["other is ready"])
        let unbound = self.runtime.hear(.due(.move(self.old)))
        #expect(unbound == ["unbind order.placed from t.f", "arm move of t.f"])

        #expect(self.look(ready: 1) == [])
        #expect(self.look(hasNothingToDo: false) == [])
        #expect(self.look() == [])
        #expect(self.look(ready: 1) == [], "one look that finds nothing is not enough")
        #expect(self.look() == [])
        #expect(self.look() == ["drain t.f"])
        #expect(self.runtime.hear(.due(.move(self.old))) == [])
        #expect(self.runtime.hear(.ended(self.old)) == ["remove queue t.f", "forget t.f"])
    }

    @Test mutating func `one that is divided is unbound only when the queues of all partitions are there`() {
        let divided = Deployment.test([self.f], partitions: 2)
        let partitions = [
            ConsumerKey(name: "f", partition: 0, queue: "t.f.0"), ConsumerKey(name: "f", partition: 1, queue: "t.f.1"),
        ]
        #expect(
            self.runtime.hear(.apply(divided, settled: true, retryingRejected: false)) == [
                "add t.f.0", "declare t.f.0", "add t.f.1", "declare t.f.1",
                "note moving t.f to t.f.0, t.f.1", "arm move of t.f",
            ]
        )
        #expect(self.runtime.hear(.declared(.consumer(partitions[0]), nil)) == ["t.f.0 is ready"])
        #expect(self.runtime.hear(.due(.move(self.old))) == ["arm move of t.f"])
        #expect(self.runtime.hear(.declared(.consumer(partitions[1]), nil)) == ["t.f.1 is ready"])
        let unbound = self.runtime.hear(.due(.move(self.old)))
        #expect(unbound == ["unbind order.placed from t.f", "arm move of t.f"])
        #expect(self.look() == [])
        #expect(self.look() == ["drain t.f"])
    }

    @Test mutating func `a partition whose queue its manifest needs for another one gives it up at once`() {
        let g = self.f.with { $0.name = "g" }.with { $0.queue = "t.g.1" }
        _ = self.runtime.apply(self.f, g)
        _ = self.runtime.hear(.declared(.consumer(.test(g)), nil))
        let divided = Deployment.test([self.f.with { $0.name = "g" }], partitions: 2)
        let steps = self.runtime.hear(.apply(divided, settled: true, retryingRejected: false))
        #expect(steps == ["add t.g.0", "declare t.g.0", "drain t.f", "drain t.g.1"])
        #expect(self.runtime.hear(.ended(.test(g))) == ["forget t.g.1", "add t.g.1", "declare t.g.1"])
    }

    @Test mutating func `while the broker does not know its consumer, what it says of the queue counts for nothing`() {
        self.unbind()
        for _ in 0..<10 { #expect(self.look(ready: 0, consumers: 0) == []) }
        #expect(self.look() == [])
        #expect(self.look() == ["drain t.f"])
    }

    @Test mutating func `one without workers is not waited for for ever`() {
        self.unbind()
        var looks = 1
        while self.look(ready: 1, hasWorkers: false) != ["drain t.f"], looks < 1000 { looks += 1 }
        #expect(QueueMove.interval * looks >= .seconds(30))
        #expect(looks < 1000)
    }

    @Test mutating func `what is declared again for it is without what it was unbound from`() throws {
        func sources(_ runtime: StateUnderTest) throws -> Set<String> {
            let declarations = runtime.state.declarations(of: .consumer(self.old), highestLevel: -1)
            return Set(
                try #require(declarations).compactMap { declaration in
                    if case .binding(let binding) = declaration { binding.source } else { nil }
                }
            )
        }
        let before = try sources(self.runtime)
        #expect(before.contains(self.f.exchange))
        self.unbind()
        #expect(self.runtime.hear(.interrupted(self.old)) == ["declare t.f"])
        #expect(try sources(self.runtime) == before.subtracting([self.f.exchange]), "retries still come")
    }

    @Test mutating func `one that is wanted on its old queue again ends and comes back with its bindings`() {
        self.unbind()
        #expect(self.runtime.apply(self.f) == ["note moving other to t.f", "arm move of other"])
        #expect(self.runtime.hear(.due(.move(self.old))) == ["drain t.f"])
        #expect(self.runtime.hear(.due(.move(self.new))) == ["arm move of other"], "one that is going is no successor")
        let back = self.runtime.hear(.ended(self.old))
        #expect(back == ["forget t.f", "add t.f", "declare t.f"])
        #expect(self.runtime.hear(.due(.move(self.new))) == ["arm move of other"])
        _ = self.runtime.hear(.declared(.consumer(self.old), nil))
        let unbound = self.runtime.hear(.due(.move(self.new)))
        #expect(unbound == ["unbind order.placed from other", "arm move of other"])
    }

    @Test mutating func `one whose manifest goes while it moves ends`() {
        self.unbind()
        #expect(self.runtime.apply() == ["drain other"])
        #expect(self.runtime.hear(.due(.move(self.old))) == ["drain t.f"])
        #expect(self.runtime.hear(.ended(self.old)) == ["remove queue t.f", "forget t.f"])
        #expect(self.runtime.hear(.ended(self.new)) == ["remove queue other", "forget other"])
    }

    @Test mutating func `two that would swap their queues both go on as they are`() throws {
        let g = try FunctionManifest.test("g", keys: ["other"])
        _ = self.runtime.apply(self.f, g)
        _ = self.runtime.hear(.declared(.consumer(.test("g")), nil))
        let swapped = self.runtime.apply(self.f.with { $0.queue = "t.g" }, g.with { $0.queue = "t.f" })
        #expect(swapped.allSatisfy { $0 == "note reload" } && !swapped.isEmpty)
    }

    /// It waits for its new queue for two minutes, and does nothing else.
    private mutating func expectWaiting() {
        for _ in 0..<1200 { #expect(self.runtime.hear(.due(.move(self.old))) == ["arm move of t.f"]) }
    }

    @Test mutating func `one that waits for a queue that is still worked off stays as long as that takes`() throws {
        let g = try FunctionManifest.test("g", keys: ["other"])
        _ = self.runtime.apply(self.f, g)
        _ = self.runtime.hear(.declared(.consumer(.test("g")), nil))
        // f is to take the queue of g, which moves to a third one.
        let begun = self.runtime.apply(self.f.with { $0.queue = "t.g" }, g.with { $0.queue = "t.third" })
        #expect(
            begun == [
                "add t.third", "declare t.third", "note moving t.f to t.g", "arm move of t.f",
                "note moving t.g to t.third", "arm move of t.g",
            ]
        )
        _ = self.runtime.hear(.declared(.consumer(.test("g", queue: "t.third")), nil))
        #expect(self.runtime.hear(.due(.move(.test("g")))) == ["unbind other from t.g", "arm move of t.g"])
        self.expectWaiting()
    }

    @Test mutating func `one that waits for the queue of a function that is gone stays until that has drained`() throws
    {
        let g = try FunctionManifest.test("g", keys: ["other"])
        _ = self.runtime.apply(self.f, g)
        _ = self.runtime.hear(.declared(.consumer(.test("g")), nil))
        let begun = self.runtime.apply(self.f.with { $0.queue = "t.g" })
        #expect(begun == ["note moving t.f to t.g", "arm move of t.f", "drain t.g"])
        self.expectWaiting()
        let ended = self.runtime.hear(.ended(.test("g")))
        #expect(ended == ["unbind other from t.g", "forget t.g", "add t.g", "declare t.g"])
    }

    @Test mutating func `what is left in a queue without workers is not given to another function`() throws {
        self.unbind()
        let g = try FunctionManifest.test("g", keys: ["other"])
        _ = self.runtime.apply(self.moved, g.with { $0.queue = "t.f" })
        for _ in 0..<1000 { #expect(self.look(ready: 1, hasWorkers: false) == []) }
    }

    @Test mutating func `an ordered function takes nothing from its new queue until the old one is worked off`() {
        let ordered = self.f.with { $0.ordered = true }
        self.runtime = StateUnderTest()
        self.runtime.run(ordered)
        let begun = self.runtime.apply(ordered.with { $0.queue = "other" })
        #expect(begun == ["add other", "declare other", "note moving t.f to other", "arm move of t.f"])
        #expect(self.runtime.hear(.declared(.consumer(self.new), nil)) == [])
        let unbound = self.runtime.hear(.due(.move(self.old)))
        #expect(unbound == ["unbind order.placed from t.f", "arm move of t.f"])
        // Declared again meanwhile, it waits as before.
        #expect(self.runtime.hear(.interrupted(self.new)) == ["declare other"])
        #expect(self.runtime.hear(.declared(.consumer(self.new), nil)) == [])
        #expect(self.look() == [])
        #expect(self.look() == ["drain t.f"])
        #expect(self.runtime.hear(.ended(self.old)) == ["remove queue t.f", "other is ready", "forget t.f"])
    }

    @Test mutating func `a host that ends in the middle of a move says which queue is left`() {
        self.unbind()
        #expect(self.runtime.hear(.drain).contains("note move of t.f is unfinished, true"))
    }
}
