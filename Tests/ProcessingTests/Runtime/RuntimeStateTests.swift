import Deployments
import Manifests
import Messaging
import Testing

@testable import Processing

/// What is declared when, and how functions change and go, as far as one function is concerned; what becomes of all of
/// them in the end is in `RuntimeDrainTests`, and moves are in `RuntimeMoveTests`.
struct RuntimeStateTests {
    private var runtime = StateUnderTest()
    private let f: FunctionManifest
    private let other: FunctionManifest
    private let key = ConsumerKey.test("f")

    init() throws {
        self.f = try .test("f")
        self.other = try .test("g", keys: ["other"])
    }

    // MARK: - Starting

    @Test mutating func `what is shared is declared first, then what each function needs of its own`() {
        let begun = self.runtime.hear(.start(.test([self.f, self.other])))
        #expect(begun == ["add t.f", "add t.g", "declare shared", "arm watch"])
        #expect(self.runtime.hear(.declared(.shared, nil)) == ["start relay", "declare t.f", "declare t.g"])
        #expect(self.runtime.hear(.declared(.consumer(self.key), nil)) == ["t.f is ready"])
        let error = StateUnderTest.unreachable
        #expect(self.runtime.hear(.declared(.consumer(.test("g")), error)) == ["arm declare t.g", "t.g has failed"])
        #expect(self.runtime.hear(.due(.declare(.consumer(.test("g"))))) == ["declare t.g"])
    }

    @Test mutating func `while what is shared cannot be declared it is tried again, and functions say what is wrong`() {
        _ = self.runtime.hear(.start(.test([self.f])))
        // People are told once of each problem.
        for (problem, isNews) in [
            (StateUnderTest.mismatch, true), (StateUnderTest.mismatch, false), (StateUnderTest.unreachable, true),
        ] {
            let note = isNews ? ["note cannot declare shared"] : []
            let failed = self.runtime.hear(.declared(.shared, problem))
            #expect(failed == ["arm declare shared"] + note + ["t.f has failed"])
            #expect(self.runtime.hear(.due(.declare(.shared))) == ["declare shared"])
        }
        #expect(self.runtime.hear(.declared(.shared, nil)) == ["start relay", "declare t.f"])
    }

    @Test mutating func `whatever happens meanwhile, nothing is declared before what is shared is there`() {
        _ = self.runtime.hear(.start(.test([self.f])))
        #expect(self.runtime.apply(self.f, self.other) == ["add t.g"])
        #expect(self.runtime.hear(.due(.watch)) == ["inspect t.f", "inspect t.g", "arm watch"])
        #expect(self.runtime.hear(.inspected(.consumer(self.key), .success(nil), nil)) == [])
        #expect(self.runtime.hear(.interrupted(self.key)) == [])
        let changed = self.f.with { $0.keys = self.other.keys }
        #expect(self.runtime.apply(changed, self.other) == ["note switching t.f", "change t.f"])
        #expect(self.runtime.hear(.candidateReady(self.key)) == [])
        #expect(
            self.runtime.hear(.declared(.shared, nil)) == [
                "start relay", "declare t.f", "declare change of t.f", "declare t.g",
            ]
        )
    }

    @Test mutating func `what is shared is declared again for the relay, and nothing else with it`() {
        self.runtime.run(self.f)
        _ = self.runtime.apply(self.f.with { $0.keys = self.other.keys })
        _ = self.runtime.hear(.candidateReady(self.key))
        #expect(self.runtime.hear(.relayInterrupted) == ["declare shared"])
        #expect(self.runtime.hear(.declared(.shared, nil)) == ["start relay"])
    }

    // MARK: - Looking

    @Test mutating func `every queue is looked at, each once at a time, and declared again when it is gone`() {
        self.runtime.run(self.f, self.other)
        #expect(self.runtime.hear(.due(.watch)) == ["inspect t.f", "inspect t.g", "arm watch"])
        #expect(self.runtime.hear(.due(.watch)) == ["arm watch"])
        #expect(self.runtime.inspected(self.key) == ["observe t.f"])
        #expect(self.runtime.hear(.inspected(.consumer(.test("g")), .success(nil), nil)) == ["declare t.g"])
        #expect(self.runtime.hear(.due(.watch)) == ["inspect t.f", "inspect t.g", "arm watch"])
        let unknown =
            Result<_, BrokerError>.failure(StateUnderTest.unreachable) as Result<QueueInspection?, BrokerError>
        #expect(self.runtime.hear(.inspected(.consumer(self.key), unknown, nil)) == [])
    }

    @Test mutating func `one that seems dead is looked at a second time`() {
        self.runtime.run(self.f)
        #expect(self.runtime.hear(.suspected(self.key)) == ["arm second look at t.f"])
        #expect(self.runtime.hear(.due(.secondLook(self.key))) == ["inspect t.f"])
    }

    @Test mutating func `delay levels are looked for from the lowest up, and declared with the other ways back`() {
        self.runtime = StateUnderTest(waysBackInterval: .seconds(60))
        #expect(self.runtime.hear(.start(.test([]))) == ["declare shared", "arm watch", "arm ways back"])
        #expect(self.runtime.hear(.due(.waysBack)) == ["inspect t.delay.00", "arm ways back"])
        for level in 1..<DelayLevels.gap {
            let next = self.runtime.hear(.inspected(.delayLevel(level - 1), .success(nil), nil))
            #expect(next == ["inspect t.delay.0\(level)"])
        }
        let last = self.runtime.hear(.inspected(.delayLevel(DelayLevels.gap - 1), .success(nil), nil))
        #expect(last == ["declare ways back"])
        // People are told once, until it is mended.
        for isNews in [true, false] {
            let failed = self.runtime.hear(.declared(.waysBack, StateUnderTest.unreachable))
            #expect(failed == ["arm declare ways back"] + (isNews ? ["note cannot declare ways back"] : []))
            #expect(self.runtime.hear(.due(.declare(.waysBack))) == ["declare ways back"])
        }
        #expect(self.runtime.hear(.declared(.waysBack, nil)) == [])
        #expect(self.runtime.hear(.due(.waysBack)) == ["declare ways back", "arm ways back"])
        let failed = self.runtime.hear(.declared(.waysBack, StateUnderTest.unreachable))
        #expect(failed == ["arm declare ways back", "note cannot declare ways back"])
    }

    // MARK: - Changing

    @Test mutating func `a change is committed only when what it needs is declared, and bound when it has taken over`()
    {
        self.runtime.run(self.f)
        let next = self.f.with { $0.keys = self.other.keys }
        #expect(self.runtime.apply(next) == ["note switching t.f", "change t.f"])
        #expect(self.runtime.hear(.candidateReady(self.key)) == ["declare change of t.f"])
        let part = TopologyPart.change(self.key, revision: 2)
        let declared = self.runtime.state.declarations(of: part, highestLevel: -1) ?? []
        #expect(!declared.contains { $0.bindsEvents }, "the present version must not hear what the next one is for")
        #expect(self.runtime.hear(.declared(part, nil)) == ["commit change of t.f"])
        let switched = self.runtime.hear(.changed(self.key, .switched))
        #expect(switched == ["note switched t.f", "unbind order.placed from t.f", "declare t.f"])
        #expect(self.runtime.hear(.changed(self.key, .switched)) == [])
    }

    @Test mutating func `a change that needs nothing else of the broker is committed when its workers are there`() {
        self.runtime.run(self.f)
        _ = self.runtime.apply(self.f.with { $0.concurrency = 9 })
        #expect(self.runtime.hear(.candidateReady(self.key)) == ["commit change of t.f"])
        #expect(self.runtime.hear(.changed(self.key, .switched)) == ["note switched t.f"])
    }

    @Test(arguments: [BrokerError.Kind.mismatch, .accessRefused])
    mutating func `a change that the broker refuses is rejected and not tried again`(kind: BrokerError.Kind) {
        self.runtime.run(self.f)
        let next = self.f.with { $0.keys = self.other.keys }
        _ = self.runtime.apply(next)
        _ = self.runtime.hear(.candidateReady(self.key))
        let part = TopologyPart.change(self.key, revision: 2)
        let refused = self.runtime.hear(.declared(part, BrokerError(kind, "no")))
        #expect(refused == ["arm declare change of t.f", "cancel change of t.f", "note reload"])
        #expect(self.runtime.hear(.due(.declare(part))) == [])
        #expect(self.runtime.hear(.candidateReady(self.key)) == [])
        #expect(self.runtime.apply(next) == [])
    }

    @Test mutating func `a change waits for a broker that is away`() {
        self.runtime.run(self.f)
        _ = self.runtime.apply(self.f.with { $0.keys = self.other.keys })
        _ = self.runtime.hear(.candidateReady(self.key))
        let part = TopologyPart.change(self.key, revision: 2)
        for count in 0..<3 {
            let away = self.runtime.hear(.declared(part, StateUnderTest.unreachable))
            #expect(away == ["arm declare change of t.f"] + (count == 0 ? ["note cannot declare change of t.f"] : []))
            #expect(self.runtime.hear(.due(.declare(part))) == ["declare change of t.f"])
        }
        #expect(self.runtime.hear(.declared(part, nil)) == ["commit change of t.f"])
    }

    @Test(arguments: [nil, StateUnderTest.mismatch])
    mutating func `what the broker says of a change that was superseded counts for nothing`(error: BrokerError?) throws
    {
        self.runtime.run(self.f)
        _ = self.runtime.apply(self.f.with { $0.keys = self.other.keys })
        _ = self.runtime.hear(.candidateReady(self.key))
        let third = try self.f.with { $0.keys = [try .orderPaid] }
        #expect(self.runtime.apply(third) == ["cancel change of t.f", "note switching t.f", "change t.f"])
        let late = self.runtime.hear(.declared(.change(self.key, revision: 2), error))
        #expect(late == (error == nil ? [] : ["arm declare change of t.f"]))
        #expect(self.runtime.hear(.candidateReady(self.key)) == ["declare change of t.f"])
        #expect(self.runtime.hear(.declared(.change(self.key, revision: 3), nil)) == ["commit change of t.f"])
    }

    @Test mutating func `workers that cannot be started reject a change, and a retry begins it anew`() {
        self.runtime.run(self.f)
        let next = self.f.with { $0.concurrency = 9 }
        _ = self.runtime.apply(next)
        let rejected = self.runtime.hear(.changed(self.key, .rejected("no handshake")))
        #expect(rejected == ["cancel change of t.f", "note reload"])
        let retry = RuntimeEvent.apply(.test([next]), settled: true, retryingRejected: true)
        #expect(self.runtime.hear(retry) == ["note switching t.f", "change t.f", "reconsider t.f"])
    }

    // MARK: - Going

    @Test
    mutating func `a function whose manifest is gone is drained, and its queue is looked after when it has ended`() {
        self.runtime.run(self.f, self.other)
        #expect(self.runtime.apply(self.other) == ["drain t.f"])
        #expect(self.runtime.apply(self.other) == [])
        #expect(self.runtime.hear(.ended(self.key)) == ["remove queue t.f", "forget t.f"])
        #expect(self.runtime.hear(.ended(self.key)) == [])
    }

    @Test mutating func `one that is wanted again while it drains comes back when it has ended, with its queue`() {
        self.runtime.run(self.f)
        #expect(self.runtime.apply() == ["drain t.f"])
        #expect(self.runtime.apply(self.f.with { $0.keys = self.other.keys }) == [])
        #expect(
            self.runtime.hear(.ended(self.key)) == [
                "unbind order.placed from t.f", "forget t.f", "add t.f", "declare t.f",
            ]
        )
    }

    @Test mutating func `a change under way is given up when its function goes`() {
        self.runtime.run(self.f)
        _ = self.runtime.apply(self.f.with { $0.concurrency = 9 })
        #expect(self.runtime.apply() == ["cancel change of t.f", "drain t.f"])
        #expect(self.runtime.hear(.candidateReady(self.key)) == [])
    }

    @Test mutating func `answers that come when their function has gone lead to nothing`() {
        self.runtime.run(self.f)
        #expect(self.runtime.hear(.interrupted(self.key)) == ["declare t.f"])
        #expect(self.runtime.hear(.due(.watch)) == ["inspect t.f", "arm watch"])
        _ = self.runtime.apply()
        _ = self.runtime.hear(.ended(self.key))
        #expect(self.runtime.hear(.declared(.consumer(self.key), nil)) == [])
        #expect(self.runtime.inspected(self.key) == [])
        #expect(self.runtime.hear(.suspected(self.key)) == [])
        #expect(self.runtime.hear(.due(.secondLook(self.key))) == [])
        #expect(self.runtime.hear(.due(.move(self.key))) == [])
        #expect(self.runtime.hear(.changed(self.key, .switched)) == [])
        #expect(self.runtime.apply(self.f) == ["add t.f", "declare t.f"], "and nothing of them stays")
    }
}

extension Declaration {
    fileprivate var bindsEvents: Bool {
        if case .binding(let binding) = self { binding.source == ConsumerManifest.defaultExchange } else { false }
    }
}
