import Deployments
import Manifests
import Testing
import Topology

@testable import Processing

/// Queues that go with their functions: some time after them, because another host may still run what it got of them.
struct RuntimeRemovalTests {
    private var runtime = StateUnderTest()
    private let f: FunctionManifest
    private let key = ConsumerKey.test("f")

    init() throws {
        self.f = try .test("f").with {
            $0.onRemove = .delete
            $0.timeout = .seconds(20)
            $0.timeoutGrace = .seconds(3)
        }
        self.runtime.run(self.f)
    }

    /// Removes the function, and returns the look at its queue.
    private mutating func remove() throws -> (removal: QueueRemoval, delay: Duration) {
        #expect(self.runtime.apply() == ["drain t.f"])
        let actions = self.runtime.actions(.ended(self.key))
        #expect(actions.map(\.words).contains("forget t.f"))
        let look = actions.lazy.compactMap { action -> (QueueRemoval, Duration)? in
            if case .lookBeforeRemoval(let removal, let delay) = action { (removal, delay) } else { nil }
        }.first
        return try #require(look)
    }

    @Test mutating func `the queue goes when every run that began before must have ended and been settled`() throws {
        let look = try self.remove()
        #expect(look.delay == .seconds(20 + 3 + 10))
        let actions = self.runtime.actions(.mayRemove(look.removal, delay: look.delay))
        guard case .arm(.removal("t.f", 1), .seconds(33)) = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(self.runtime.hear(.due(.removal(queue: "t.f", number: 1))) == ["remove queue t.f"])
        #expect(self.runtime.hear(.due(.removal(queue: "t.f", number: 1))) == [])
    }

    @Test mutating func `a longer timeout of an earlier version counts`() throws {
        _ = self.runtime.apply(self.f.with { $0.timeout = .seconds(1) })
        _ = self.runtime.hear(.candidateReady(self.key))
        _ = self.runtime.hear(.changed(self.key, .switched))
        #expect(try self.remove().delay == .seconds(33))
    }

    @Test mutating func `a queue that is wanted again meanwhile stays`() throws {
        let look = try self.remove()
        #expect(self.runtime.hear(.mayRemove(look.removal, delay: look.delay)) == ["arm removal of t.f"])
        #expect(self.runtime.apply(self.f) == ["add t.f", "declare t.f"])
        #expect(self.runtime.hear(.due(.removal(queue: "t.f", number: 1))) == [])
    }

    @Test mutating func `when it goes again, the time begins again`() throws {
        let first = try self.remove()
        _ = self.runtime.hear(.mayRemove(first.removal, delay: first.delay))
        _ = self.runtime.apply(self.f)
        let second = try self.remove()
        _ = self.runtime.hear(.mayRemove(second.removal, delay: second.delay))
        #expect(self.runtime.hear(.due(.removal(queue: "t.f", number: 1))) == [])
        #expect(self.runtime.hear(.due(.removal(queue: "t.f", number: 2))) == ["remove queue t.f"])
    }

    @Test mutating func `a queue that may not be deleted before the host ends stays, and the operator is told`() throws
    {
        let look = try self.remove()
        _ = self.runtime.hear(.mayRemove(look.removal, delay: look.delay))
        #expect(self.runtime.hear(.drain).contains("note t.f is left"))
        #expect(self.runtime.hear(.due(.removal(queue: "t.f", number: 1))) == [])
        #expect(self.runtime.hear(.mayRemove(look.removal, delay: look.delay)) == ["note t.f is left"])
    }
}
