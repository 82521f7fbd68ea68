import EventLoops
import Invoking
import Manifests
import Messaging
import Topology

@testable import Processing

/// Two hosts, two queues, three events, and a broker that does what RabbitMQ does: see `ModelBroker`. What happens next
/// is chosen by whoever walks it; what follows is checked against the promises at every step.
struct ModelWorld<Policy: PipelinePolicy>: Hashable {
    static var attempts: Int { 2 }
    private static var names: TopologyNames { Rig.names }
    /// When the world begins. Only differences count.
    private static var epoch: SteadyInstant { modelEpoch }

    var broker = ModelBroker()
    var hosts: [ModelHost<Policy>] = []
    var budget: ModelBudget
    /// Since the world began.
    var time = Duration.zero
    /// Whether invocations wait at an invoker before they begin, so that they can be withdrawn.
    let invokersQueue: Bool

    // The account.
    /// Messages whose run has succeeded.
    var finished: Set<Int> = []
    var finishedEvents: Set<ModelEvent> = []

    /// - Parameter isOrdered: of the first queue.
    init(hosts: Int, budget: ModelBudget, invokersQueue: Bool = false, isOrdered: Bool = false) throws {
        self.budget = budget
        self.invokersQueue = invokersQueue
        self.broker.queues[0].isOrdered = isOrdered
        for event in ModelEvent.allCases { self.publish(event) }
        for number in 0..<hosts {
            self.hosts.append(ModelHost())
            try self.bringUp(number)
        }
        // Where everybody is ready and consumes: what is interesting comes later.
        for host in self.hosts {
            for consumer in host.consumers { try self.apply(.activate(consumer.id)) }
        }
    }

    var now: Moment {
        Moment(instant: Self.epoch + self.time, milliseconds: 1_000_000 + self.time.wholeMilliseconds)
    }

    mutating func publish(_ event: ModelEvent) {
        let message = self.broker.newMessage(event, attempt: 1, event.message)
        self.broker.queues[event.queue].ready.append(message)
    }

    mutating func bringUp(_ host: Int) throws {
        let slot = InvokerSlot.ID(number: 0)
        self.hosts[host].pipelines = (0..<2).map { queue in
            PipelineState(self.version(queue), names: Self.names, slot: slot, jitter: SplitMix64(seed: 0))
        }
        for queue in 0..<2 {
            try self.tell(.topologyReady, host, queue)
            try self.tell(.invoker(slot, .ready), host, queue)
        }
    }

    func version(_ queue: Int) -> PipelineVersion {
        self.broker.queues[queue].isOrdered ? modelOrderedVersion : modelVersions[queue]
    }

    // MARK: - Pipelines

    /// Tells a pipeline something, and does what it wants done, as `Driver` does.
    mutating func tell(_ event: PipelineEvent, _ host: Int, _ queue: Int) throws {
        var events = [event]
        var next = 0
        while next < events.count {
            var actions: [PipelineAction] = []
            self.hosts[host].pipelines[queue].handle(events[next], at: self.now, &actions)
            next += 1
            for action in actions { try self.perform(action, host, queue, &events) }
        }
    }

    private mutating func perform(
        _ action: PipelineAction,
        _ host: Int,
        _ queue: Int,
        _ events: inout [PipelineEvent]
    ) throws {
        switch action {
        case .subscribe(_, let prefetch): self.subscribe(Int(prefetch), host, queue)
        case .unsubscribe(let id, let departure):
            guard let index = self.consumer(id, host) else { return }
            self.hosts[host].consumers[index].outbox.append(departure == .settling ? .cancel : .close)
            self.hosts[host].consumers[index].phase = .leaving
            if !self.hosts[host].isConnected { self.endConsumer(index, host, queue, &events) }
        case .abandon(let id):
            if let index = self.consumer(id, host) { self.hosts[host].consumers[index].phase = .abandoned }
        case .renew: break
        case .acknowledge(let tag, let id): try self.settle(tag, id, host, .acknowledge(Int(tag.value)))
        case .giveBack(let tag, let id): try self.settle(tag, id, host, .giveBack(Int(tag.value)))
        case .refuse: throw BrokenPromise("an event is refused that could be copied")
        case .replace(let held, let id, let settlement): try self.replace(held, id, settlement, host, queue)
        case .start(let slot): self.hosts[host].starting[queue].insert(slot)
        case .run(let id, let slot): try self.begin(id, slot, host, queue)
        case .withdraw(let slot):
            let notBegun = self.hosts[host].runs.filter { $0.queue == queue && $0.slot == slot && !$0.hasBegun }
            self.hosts[host].runs.removeAll { $0.queue == queue && $0.slot == slot && !$0.hasBegun }
            events.append(.withdrawn(slot, notBegun.map(\.id)))
        case .stop(let slot):
            self.hosts[host].starting[queue].remove(slot)
            if self.hosts[host].runs.contains(where: { $0.queue == queue && $0.slot == slot }) {
                throw BrokenPromise("an invoker is stopped that runs something")
            }
            events.append(.stopped(slot))
        case .arm(let timer, let duration):
            self.hosts[host].timers[.init(queue: queue, timer: timer)] = self.time + max(.zero, duration)
        case .disarm(let timer):
            self.hosts[host].timers[.init(queue: queue, timer: timer)] = nil
        case .report(.candidateReady): events.append(.commitChange)
        case .report(.drained): self.drained(host, queue)
        case .report, .note: break
        }
    }

    private mutating func subscribe(_ prefetch: Int, _ host: Int, _ queue: Int) {
        self.hosts[host].subscriptions += 1
        let subscription = SubscriptionID(number: self.hosts[host].subscriptions)
        let id = ModelConsumer.ID(host: host, life: self.hosts[host].life, subscription: subscription)
        self.hosts[host].consumers.append(ModelConsumer(id: id, queue: queue, prefetch: prefetch))
        var actions: [PipelineAction] = []
        self.hosts[host].pipelines[queue].handle(.subscribed(subscription), at: self.now, &actions)
    }

    func consumer(_ id: SubscriptionID, _ host: Int) -> Int? {
        self.hosts[host].consumers.firstIndex { $0.id.subscription == id }
    }

    func consumer(_ id: ModelConsumer.ID) -> Int? {
        guard self.hosts[id.host].life == id.life else { return nil }
        return self.consumer(id.subscription, id.host)
    }

    mutating func endConsumer(_ index: Int, _ host: Int, _ queue: Int, _ events: inout [PipelineEvent]) {
        self.hosts[host].consumers[index].phase = .ended
        self.hosts[host].consumers[index].isActive = false
        let id = self.hosts[host].consumers[index].id
        self.broker.queues[queue].removeConsumers { $0 == id }
        self.hosts[host].consumers[index].outbox.removeAll { $0 == .cancel || $0 == .close }
        events.append(.ended(self.hosts[host].consumers[index].id.subscription))
    }

    /// What settles a delivery goes out, once, and only while its tag is good.
    private mutating func settle(
        _ tag: DeliveryTag,
        _ id: SubscriptionID,
        _ host: Int,
        _ frame: ModelConsumer.Frame
    ) throws {
        guard let index = self.consumer(id, host) else { throw BrokenPromise("a subscription is settled that is not") }
        let consumer = self.hosts[host].consumers[index]
        let number = Int(tag.value)
        guard self.hosts[host].isConnected, tag.generation == self.hosts[host].generation,
            self.broker.queues[consumer.queue].holds(number, for: consumer.id)
        else { throw BrokenPromise("message \(number) is settled by a tag that is void") }
        guard !consumer.outbox.contains(.acknowledge(number)), !consumer.outbox.contains(.giveBack(number)) else {
            throw BrokenPromise("message \(number) is settled twice")
        }
        self.hosts[host].consumers[index].outbox.append(frame)
    }

    private mutating func replace(
        _ held: HeldDelivery,
        _ id: SettlementID,
        _ settlement: Settlement,
        _ host: Int,
        _ queue: Int
    ) throws {
        let number = Int(held.delivery.tag.value)
        let event = try self.event(of: number)
        let content: ModelHost<Policy>.Publish.Content
        switch settlement {
        case .acknowledge:
            content = .emitted(event)
        case .retry(let delay, let history, let failure):
            let copy = CopyBuilder(names: Self.names, host: "host").retry(
                held.delivery,
                queue: self.version(queue).topology.queue,
                function: "f",
                origin: held.origin,
                after: delay,
                expiresAt: held.expiresAt,
                history: history,
                failure: failure
            )
            var message = copy.message
            // As it comes back to the queue.
            message.exchange = Self.names.delayDone
            content = .retry(self.broker.newMessage(event, attempt: history.attempt, message))
        case .deadLetter(_, let history, _):
            content = .deadLetter(self.broker.newMessage(event, attempt: history.attempt, event.message))
        }
        self.hosts[host].publishes.append(.init(queue: queue, settlement: id, number: number, content: content))
    }

    private func event(of number: Int) throws -> ModelEvent {
        let messages = self.broker.queues.flatMap { $0.ready + $0.held.map(\.message) }
        if let message = messages.first(where: { $0.number == number }) { return message.event }
        if let run = self.hosts.flatMap(\.runs).first(where: { $0.number == number }) { return run.event }
        if let event = self.eventsOfRuns[number] { return event }
        throw BrokenPromise("message \(number) is known to nobody")
    }

    /// By the number of the message that was run.
    private var eventsOfRuns: [Int: ModelEvent] = [:]

    private mutating func begin(
        _ id: InvocationID,
        _ slot: InvokerSlot.ID,
        _ host: Int,
        _ queue: Int
    ) throws {
        guard let held = self.hosts[host].pipelines[queue].deliveries.running[id] else {
            throw BrokenPromise("something begins of which its pipeline knows nothing")
        }
        let number = Int(held.delivery.tag.value)
        let event = try self.event(of: number)
        self.eventsOfRuns[number] = event
        for other in self.hosts[host].runs where other.queue == queue {
            if other.number == number || event != .withoutID && other.event == event {
                throw BrokenPromise("\(event) runs twice at the same time on one host")
            }
        }
        if self.broker.queues[queue].isOrdered, self.broker.queues[queue].hasOlder(than: number) {
            throw BrokenPromise("\(event) begins before what came earlier has ended")
        }
        guard held.history.attempt <= Self.attempts else {
            throw BrokenPromise("attempt \(held.history.attempt) of \(Self.attempts) is made of \(event)")
        }
        self.hosts[host].runs.append(
            .init(id: id, slot: slot, queue: queue, event: event, number: number, hasBegun: !self.invokersQueue)
        )
    }

    private mutating func drained(_ host: Int, _ queue: Int) {
        self.hosts[host].drained.insert(queue)
        if self.hosts[host].isOver { self.closeConnection(of: host) }
    }

    mutating func closeConnection(of host: Int) {
        for queue in 0..<2 {
            self.broker.queues[queue].putBack { $0.host == host }
            for (timer, _) in self.hosts[host].timers where timer.queue == queue {
                self.hosts[host].timers[timer] = nil
            }
        }
        self.hosts[host].consumers.removeAll()
        // What has not been confirmed is gone or not: nobody waits for it.
        self.hosts[host].publishes.removeAll()
    }
}

private let modelEpoch = SteadyInstant.now

private let modelVersions: [PipelineVersion] = (0..<2).map { modelVersion("q\($0)", isOrdered: false) }
private let modelOrderedVersion = modelVersion("ordered", isOrdered: true)

private func modelVersion(_ name: String, isOrdered: Bool) -> PipelineVersion {
    do {
        let manifest = try FunctionManifest.test(
            name,
            concurrency: isOrdered ? 1 : 2,
            attempts: ModelWorld<StandardPolicy>.attempts
        ).with { $0.consumer.ordered = isOrdered }
        let consumer = manifest.consumer
        return PipelineVersion(manifest: consumer, topology: TopologyPlanner.consumer(consumer, Rig.names))
    } catch {
        preconditionFailure("the manifest of the small world is wrong: \(error)")
    }
}
