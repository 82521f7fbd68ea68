import EventLoops
import Logging
import Manifests
import Messaging
import Testing
import Topology
import WarrenTesting

@testable import Processing

/// What becomes of the queue of a function that is gone, on a broker on which others go on.
struct QueueRemovalTests {
    private static let key = "order.placed"
    private static let queue = "t.f"
    private static let deadLetters = "t.f.dead"
    private static let unreachable = BrokerError(.unreachable, "nobody answers")

    private let broker = InMemoryBroker()
    private let topology: TopologyPlan.Consumer

    init() async throws {
        self.topology = TopologyPlanner.consumer(try FunctionManifest.test().consumer, Rig.names)
        try await self.broker.declare(TopologyPlanner.shared(Rig.names) + self.topology.declarations)
    }

    private func removal(_ policy: RemovalPolicy = .delete, hasMoved: Bool = false) -> QueueRemoval {
        QueueRemoval(self.topology, names: Rig.names, policy: policy, hasMoved: hasMoved)
    }

    private func carryOut(_ removal: QueueRemoval, on broker: any Broker) async {
        await removal.carryOut(broker, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Publishes an event for the function, or past it to one of its queues.
    private static func publish(_ id: String, to queue: String? = nil, on broker: InMemoryBroker) async -> PublishResult
    {
        var properties = BasicProperties()
        properties.messageID = id
        let message = OutgoingMessage(
            exchange: queue == nil ? "events" : "",
            routingKey: queue ?? self.key,
            properties: properties,
            headers: FieldTable(),
            body: [][...]
        )
        return await broker.publish([message])[0]
    }

    private var exists: Bool { self.broker.queueNames.contains(Self.queue) }
    private var hasDeadLetters: Bool { self.broker.queueNames.contains(Self.deadLetters) }

    private func ids(in queue: String = Self.queue) -> [String] {
        self.broker.messages(in: queue).map { $0.properties.messageID ?? "none" }
    }

    /// Whether events and what comes back from a delay reach the queue.
    private func isBound() async -> (toEvents: Bool, toDelays: Bool) {
        let before = self.broker.messages(in: Self.queue).count
        let isBoundToEvents = await Self.publish("probe", on: self.broker) == .confirmed
        #expect(self.broker.messages(in: Self.queue).count == before + (isBoundToEvents ? 1 : 0))
        var properties = BasicProperties()
        properties.messageID = "late"
        let parked = self.broker.messages(in: Rig.names.parked).count
        let late = OutgoingMessage(
            exchange: Rig.names.delayDone,
            routingKey: DelayRoute(.zero, to: Self.queue, precision: .exact).routingKey,
            properties: properties,
            headers: FieldTable(),
            body: [][...]
        )
        #expect(await self.broker.publish([late]) == [.confirmed])
        return (isBoundToEvents, self.broker.messages(in: Rig.names.parked).count == parked)
    }

    // MARK: - On a broker that answers

    @Test func `a queue that is to be kept is looked at and nothing else`() async {
        let broker = InterferingBroker(self.broker)
        await self.carryOut(self.removal(.keep), on: broker)
        #expect(broker.calls == [.inspect(Self.queue)])
        #expect(await self.isBound() == (true, true))
    }

    @Test func `an empty queue goes with its empty queue of dead letters, each after it was proven empty`() async {
        let broker = InterferingBroker(self.broker)
        await self.carryOut(self.removal(), on: broker)
        #expect(!self.exists && !self.hasDeadLetters)
        #expect(
            broker.calls == [
                .inspect(Self.queue), .inspectForCertain(Self.queue),
                .remove(self.topology.bindings.map(Removal.binding)), .inspectForCertain(Self.queue),
                .remove([.queue(Self.queue)]), .inspectForCertain(Self.deadLetters),
                .remove([.queue(Self.deadLetters)]),
            ]
        )
    }

    @Test func `a queue with an event in it stays, and was never unbound`() async {
        #expect(await Self.publish("a", on: self.broker) == .confirmed)
        let broker = InterferingBroker(self.broker)
        await self.carryOut(self.removal(), on: broker)
        #expect(self.ids() == ["a"])
        #expect(broker.calls == [.inspect(Self.queue), .inspectForCertain(Self.queue)])
    }

    @Test func `an event that comes after the first look keeps its queue, which is bound again`() async {
        let broker = InterferingBroker(self.broker) { (_, call, broker) async throws(BrokerError) in
            if case .remove(let removals) = call, !removals.contains(.queue(Self.queue)) {
                #expect(await Self.publish("late", on: broker) == .confirmed)
            }
        }
        await self.carryOut(self.removal(), on: broker)
        #expect(self.ids() == ["late"])
        #expect(self.hasDeadLetters)
        #expect(await self.isBound() == (true, true))
    }

    @Test func `dead letters wait for a person, though their queue's own events are done`() async {
        #expect(await Self.publish("dead", to: Self.deadLetters, on: self.broker) == .confirmed)
        await self.carryOut(self.removal(), on: self.broker)
        #expect(!self.exists)
        #expect(self.ids(in: Self.deadLetters) == ["dead"])
    }

    @Test func `a queue that another host consumes stays`() async throws {
        let loop = try EventLoop()
        let intake = try InMemoryIntake(broker: self.broker, loop: loop)
        _ = intake.subscribe(to: Self.queue, prefetch: 1) { _ in }
        let broker = InterferingBroker(self.broker)
        await self.carryOut(self.removal(), on: broker)
        #expect(self.exists)
        let looks = [InterferingBroker.Call](repeating: .inspectForCertain(Self.queue), count: QueueRemoval.looks)
        #expect(broker.calls == [.inspect(Self.queue)] + looks, "it was never unbound")
        withExtendedLifetime(intake) {}
    }

    @Test(arguments: [queue, deadLetters])
    func `a queue that does not say what is in it stays with what is in it`(silent: String) async {
        #expect(await Self.publish("a", to: silent, on: self.broker) == .confirmed)
        self.broker.setSilent(true, queue: silent)
        await self.carryOut(self.removal(), on: self.broker)
        self.broker.setSilent(false, queue: silent)
        #expect(self.ids(in: silent) == ["a"])
    }

    @Test func `a queue that is gone already is no trouble`() async {
        self.broker.delete(queue: Self.queue)
        await self.carryOut(self.removal(), on: self.broker)
        #expect(!self.exists && !self.hasDeadLetters)
    }

    @Test func `the queue of a function that has moved is not bound to its events again when it stays`() async throws {
        let events = self.topology.bindings.filter { $0.source != Rig.names.delayDone }
        try await self.broker.remove(events.map(Removal.binding))
        let broker = InterferingBroker(self.broker) { (_, call, broker) async throws(BrokerError) in
            if case .remove(let removals) = call, !removals.contains(.queue(Self.queue)) {
                #expect(await Self.publish("late", to: Self.queue, on: broker) == .confirmed)
            }
        }
        await self.carryOut(self.removal(hasMoved: true), on: broker)
        #expect(self.ids() == ["late"])
        #expect(await self.isBound() == (false, true))
    }

    // MARK: - On a broker that does not

    /// What is in the queues when the removal begins.
    enum Content: CaseIterable {
        case nothing
        case event
        case deadLetter
        /// It comes between the first look and the end of the bindings.
        case lateEvent
    }

    private static let kinds: [BrokerError.Kind] = [.unreachable, .accessRefused, .notFound, .closed]

    @Test(arguments: Content.allCases, kinds)
    func `whichever call fails, no queue goes that was not proven empty`(
        _ content: Content,
        _ kind: BrokerError.Kind
    ) async throws {
        // Past the last call of any removal.
        for failing in 0..<8 {
            let fresh = try await QueueRemovalTests()
            try await fresh.carryOut(content, failing: failing, kind)
        }
    }

    private func carryOut(_ content: Content, failing: Int, _ kind: BrokerError.Kind) async throws {
        var expected: Set<String> = []
        switch content {
        case .nothing, .lateEvent: break
        case .event:
            #expect(await Self.publish("a", on: self.broker) == .confirmed)
            expected = ["a"]
        case .deadLetter:
            #expect(await Self.publish("a", to: Self.deadLetters, on: self.broker) == .confirmed)
            expected = ["a"]
        }
        let broker = InterferingBroker(self.broker) { (index, call, broker) async throws(BrokerError) in
            if case .remove(let removals) = call {
                if content == .lateEvent, !removals.contains(.queue(Self.queue)) {
                    #expect(await Self.publish("late", on: broker) == .confirmed)
                }
                for case .queue(let queue) in removals {
                    #expect(broker.messages(in: queue).isEmpty, "call \(failing) fails, and '\(queue)' goes")
                }
            }
            if index == failing { throw BrokerError(kind, "no") }
        }
        await self.carryOut(self.removal(), on: broker)
        let late = broker.calls.contains { if case .remove = $0 { content == .lateEvent } else { false } }
        if late { expected.insert("late") }
        #expect(Set(self.ids() + self.ids(in: Self.deadLetters)) == expected, "call \(failing) fails")
        if failing < broker.calls.count {
            #expect(broker.calls.count == failing + 1, "after a failure nothing is done that leans on it")
        }
        Self.expectProof(broker.calls, failing: failing)
    }

    /// Each queue that goes was looked at for certain by the call before its end, and that call has not failed.
    private static func expectProof(_ calls: [InterferingBroker.Call], failing: Int) {
        for (index, call) in calls.enumerated() {
            guard case .remove(let removals) = call, case .queue(let queue)? = removals.first else { continue }
            #expect(removals.count == 1)
            #expect(index > 0 && calls[index - 1] == .inspectForCertain(queue))
            #expect(index - 1 != failing)
        }
    }
}
