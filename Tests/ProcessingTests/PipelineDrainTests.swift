import EventLoops
import Invoking
import Manifests
import Messaging
import Testing

@testable import Processing

/// A pipeline that goes down while its host goes on, told by the value alone.
struct PipelineDrainTests {
    private static let start = SteadyInstant(nanoseconds: 0)
    private var state: PipelineState<StandardPolicy>
    private let slot = InvokerSlot.ID(number: 0)

    init() throws {
        self.state = .test(try FunctionManifest.test("f").consumer, slot: self.slot)
    }

    private mutating func hear(_ event: PipelineEvent, after time: Duration = .zero) -> [PipelineAction] {
        var actions: [PipelineAction] = []
        self.state.handle(event, at: Moment(instant: Self.start + time, milliseconds: 1_000_000), &actions)
        return actions
    }

    /// An event has run, and what it emitted is not confirmed.
    private mutating func beginReplacing() throws {
        _ = self.hear(.topologyReady)
        _ = self.hear(.invoker(self.slot, .ready))
        _ = self.hear(.subscribed(.test))
        _ = self.hear(.active(.test))
        let begun = self.hear(.delivered([.test("a")], .test, budget: nil))
        let id = try #require(begun.lazy.compactMap { if case .run(let id, _) = $0 { id } else { nil } }.first)
        let result = InvocationResult(id: id, outcome: .done(emitted: [.test("order.emitted")]), nanoseconds: 1)
        _ = self.hear(.invoker(self.slot, .results([result])))
        #expect(self.state.deliveries.replacing.count == 1)
    }

    @Test mutating func `what an ended subscription still holds goes back when its replacement is not waited for`()
        throws
    {
        try self.beginReplacing()
        _ = self.hear(.drain)
        _ = self.hear(.ended(.test))
        let actions = self.hear(.due(.drain), after: DrainLimits.settlingTime)
        let abandoned = actions.compactMap { action in
            if case .abandon(let id) = action { id } else { nil }
        }
        #expect(abandoned == [.test], "or it would stay unacknowledged for ever")
        #expect(actions.contains { if case .report(.abandonedDeliveries) = $0 { true } else { false } })
    }

    @Test mutating func `a consumer whose end is not confirmed may have been given events, which go back`() {
        _ = self.hear(.topologyReady)
        _ = self.hear(.invoker(self.slot, .ready))
        _ = self.hear(.subscribed(.test))
        _ = self.hear(.active(.test))
        _ = self.hear(.drain)
        let actions = self.hear(.due(.drain), after: DrainLimits.settlingTime)
        #expect(actions.contains { if case .report(.abandonedDeliveries) = $0 { true } else { false } })
    }

    @Test mutating func `what is confirmed in time is acknowledged, and nothing is abandoned`() throws {
        try self.beginReplacing()
        _ = self.hear(.drain)
        _ = self.hear(.ended(.test))
        let settlement = try #require(self.state.deliveries.replacing.keys.first)
        let actions = self.hear(.settled(settlement, .settled))
        #expect(actions.contains { if case .acknowledge = $0 { true } else { false } })
        let later = self.hear(.due(.drain), after: DrainLimits.settlingTime)
        #expect(!later.contains { if case .abandon = $0 { true } else { false } })
        #expect(!later.contains { if case .report(.abandonedDeliveries) = $0 { true } else { false } })
    }

    @Test mutating func `a head whose timer came early is waited for again`() throws {
        let consumer = try FunctionManifest.test("f").with { $0.consumer.ordered = true }.consumer
        self.state.version.manifest = consumer
        _ = self.hear(.topologyReady)
        _ = self.hear(.invoker(self.slot, .ready))
        _ = self.hear(.subscribed(.test))
        let begun = self.hear(.delivered([.test("a")], .test, budget: nil))
        let id = try #require(begun.lazy.compactMap { if case .run(let id, _) = $0 { id } else { nil } }.first)
        let result = InvocationResult(id: id, outcome: .failed(.test), nanoseconds: 1)
        _ = self.hear(.invoker(self.slot, .results([result])))
        #expect(self.state.deliveries.waitingHead != nil)
        let early = self.hear(.due(.head), after: .milliseconds(400))
        #expect(early.contains { if case .arm(.head, .milliseconds(600)) = $0 { true } else { false } })
        let due = self.hear(.due(.head), after: .seconds(1))
        #expect(due.contains { if case .run = $0 { true } else { false } })
    }
}
