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
    private(set) var time = Duration.zero
    /// Whether invocations wait at an invoker before they begin, so that they can be withdrawn.
    let invokersQueue: Bool

    // The account.
    /// Messages whose run has succeeded.
    private(set) var finished: Set<Int> = []
    private(set) var finishedEvents: Set<ModelEvent> = []

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

    private var now: Moment {
        Moment(instant: Self.epoch + self.time, milliseconds: 1_000_000 + self.time.wholeMilliseconds)
    }

    private mutating func publish(_ event: ModelEvent) {
        let message = self.broker.newMessage(event, attempt: 1, event.message)
        self.broker.queues[event.queue].ready.append(message)
    }

    private mutating func bringUp(_ host: Int) throws {
        let slot = InvokerSlot.ID(number: 0)
        self.hosts[host].pipelines = (0..<2).map { queue in
            PipelineState(self.version(queue), names: Self.names, slot: slot, jitter: SplitMix64(seed: 0))
        }
        for queue in 0..<2 {
            try self.tell(.topologyReady, host, queue)
            try self.tell(.invoker(slot, .ready), host, queue)
        }
    }

    private func version(_ queue: Int) -> PipelineVersion {
        self.broker.queues[queue].isOrdered ? modelOrderedVersion : modelVersions[queue]
    }

    // MARK: - Pipelines

    /// Tells a pipeline something, and does what it wants done, as `Driver` does.
    private mutating func tell(_ event: PipelineEvent, _ host: Int, _ queue: Int) throws {
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
        case .run(let id, let held, let slot): try self.begin(id, held, slot, host, queue)
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

    private func consumer(_ id: SubscriptionID, _ host: Int) -> Int? {
        self.hosts[host].consumers.firstIndex { $0.id.subscription == id }
    }

    private func consumer(_ id: ModelConsumer.ID) -> Int? {
        guard self.hosts[id.host].life == id.life else { return nil }
        return self.consumer(id.subscription, id.host)
    }

    private mutating func endConsumer(_ index: Int, _ host: Int, _ queue: Int, _ events: inout [PipelineEvent]) {
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
        _ held: HeldDelivery,
        _ slot: InvokerSlot.ID,
        _ host: Int,
        _ queue: Int
    ) throws {
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

    private mutating func closeConnection(of host: Int) {
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

    // MARK: - What can happen

    /// - Parameter faults: also what nobody hopes for.
    func steps(faults: Bool) -> [ModelStep] {
        var steps: [ModelStep] = []
        for host in self.hosts.indices where !self.hosts[host].isOver { self.addSteps(of: host, faults, &steps) }
        for message in self.broker.delayed { steps.append(.delayIsOver(message.number)) }
        for queue in 0..<2 {
            if !self.broker.queues[queue].answers { steps.append(.resume(queue: queue)) }
            if faults, self.budget.suspend > 0, self.broker.queues[queue].answers {
                steps.append(.suspend(queue: queue))
            }
        }
        if self.hosts.contains(where: { !$0.timers.isEmpty }) { steps.append(.tick) }
        if faults, self.budget.republish > 0 { steps.append(.republish(.sameOrderOfAnotherSource)) }
        return steps
    }

    private func addSteps(of host: Int, _ faults: Bool, _ steps: inout [ModelStep]) {
        let state = self.hosts[host]
        if state.isConnected {
            for consumer in state.consumers where self.broker.queues[consumer.queue].answers {
                if consumer.phase == .wanted, !consumer.isActive { steps.append(.activate(consumer.id)) }
                if !consumer.outbox.isEmpty { steps.append(.arrive(consumer.id)) }
                let held = self.broker.queues[consumer.queue].held.count { $0.holder == consumer.id }
                let queue = self.broker.queues[consumer.queue]
                if consumer.isActive, held < consumer.prefetch, !queue.ready.isEmpty, queue.delivers(to: consumer.id) {
                    steps.append(.deliver(consumer.id))
                }
            }
            if faults, self.budget.loseConnection > 0 { steps.append(.loseConnection(host: host)) }
        } else {
            steps.append(.reconnect(host: host))
        }
        for publish in state.publishes where self.broker.queues[publish.queue].answers {
            if !publish.hasArrived {
                steps.append(.publishArrives(host: host, publish.settlement, queue: publish.queue))
            } else {
                steps.append(.confirm(host: host, publish.settlement, queue: publish.queue))
                if faults, self.budget.loseConfirm > 0 {
                    steps.append(.loseConfirm(host: host, publish.settlement, queue: publish.queue))
                }
            }
        }
        for run in state.runs {
            if !run.hasBegun { steps.append(.begin(host: host, queue: run.queue, run.id)) }
            steps.append(.succeed(host: host, queue: run.queue, run.id))
            if faults, self.budget.fail > 0 { steps.append(.fail(host: host, queue: run.queue, run.id)) }
        }
        for queue in 0..<2 {
            for slot in state.starting[queue] { steps.append(.ready(host: host, queue: queue, slot)) }
            guard faults, !state.drained.contains(queue) else { continue }
            if self.budget.unavailable > 0, state.pipelines[queue].slots.current.isReady {
                steps.append(.unavailable(host: host, queue: queue))
            }
            if self.budget.workerDies > 0 { steps.append(.workerDies(host: host, queue: queue)) }
            if self.budget.changeOver > 0, !state.isDraining { steps.append(.changeOver(host: host, queue: queue)) }
        }
        guard faults else { return }
        if self.budget.crash > 0 { steps.append(.crash(host: host)) }
        if self.budget.drain > 0, !state.isDraining { steps.append(.drain(host: host)) }
    }

    // MARK: - What follows

    mutating func apply(_ step: ModelStep) throws {
        switch step {
        case .activate(let id):
            guard let index = self.consumer(id) else { return }
            self.hosts[id.host].consumers[index].isActive = true
            self.broker.queues[self.hosts[id.host].consumers[index].queue].add(id)
            try self.tell(.active(id.subscription), id.host, self.hosts[id.host].consumers[index].queue)
        case .deliver(let id): try self.deliver(id)
        case .arrive(let id): try self.arrive(id)
        case .publishArrives(let host, let id, let queue): self.publishArrives(host, id, queue)
        case .confirm(let host, let id, let queue):
            self.hosts[host].publishes.removeAll { $0.settlement == id && $0.queue == queue }
            try self.tell(.settled(id, .settled), host, queue)
        case .delayIsOver(let number):
            guard let index = self.broker.delayed.firstIndex(where: { $0.number == number }) else { return }
            let message = self.broker.delayed.remove(at: index)
            self.broker.queues[message.event.queue].ready.append(message)
        case .republish(let event):
            self.budget.republish -= 1
            self.publish(event)
        case .ready(let host, let queue, let slot):
            self.hosts[host].starting[queue].remove(slot)
            try self.tell(.invoker(slot, .ready), host, queue)
        case .begin(let host, let queue, let id):
            guard let index = self.run(id, host, queue) else { return }
            self.hosts[host].runs[index].hasBegun = true
        case .succeed(let host, let queue, let id): try self.end(host, queue, id, succeeds: true)
        case .fail(let host, let queue, let id):
            self.budget.fail -= 1
            try self.end(host, queue, id, succeeds: false)
        default: try self.applyFault(step)
        }
    }

    private mutating func applyFault(_ step: ModelStep) throws {
        switch step {
        case .loseConnection(let host):
            self.budget.loseConnection -= 1
            try self.loseConnection(host)
        case .reconnect(let host):
            self.hosts[host].isConnected = true
        case .loseConfirm(let host, let id, let queue):
            self.budget.loseConfirm -= 1
            try self.loseConfirm(host, id, queue)
        case .crash(let host):
            self.budget.crash -= 1
            try self.restart(host)
        case .unavailable(let host, let queue):
            self.budget.unavailable -= 1
            let slot = self.hosts[host].pipelines[queue].slots.current.id
            let notRun = self.hosts[host].runs.filter { $0.queue == queue && $0.slot == slot }.map(\.id)
            self.hosts[host].runs.removeAll { $0.queue == queue && $0.slot == slot }
            self.hosts[host].starting[queue].insert(slot)
            try self.tell(.invoker(slot, .unavailable(reason: "no worker", notRun: notRun)), host, queue)
        case .workerDies(let host, let queue):
            self.budget.workerDies -= 1
            let slot = self.hosts[host].pipelines[queue].slots.current.id
            try self.tell(.invoker(slot, .workerDied(reason: "killed")), host, queue)
        case .suspend(let queue):
            self.budget.suspend -= 1
            self.broker.queues[queue].answers = false
        case .resume(let queue):
            self.broker.queues[queue].answers = true
        case .changeOver(let host, let queue):
            self.budget.changeOver -= 1
            let slot = InvokerSlot.ID(number: self.hosts[host].slots)
            self.hosts[host].slots += 1
            try self.tell(.change(self.version(queue), slot), host, queue)
        case .drain(let host):
            self.budget.drain -= 1
            for queue in 0..<2 { try self.tell(.drain, host, queue) }
        case .tick:
            try self.tick()
        default:
            preconditionFailure("every step is applied in one of two places")
        }
    }

    /// The host is gone, and comes up anew.
    mutating func restart(_ host: Int) throws {
        self.closeConnection(of: host)
        self.hosts[host] = ModelHost(life: self.hosts[host].life + 1)
        try self.bringUp(host)
    }

    private mutating func deliver(_ id: ModelConsumer.ID) throws {
        guard let index = self.consumer(id) else { return }
        let queue = self.hosts[id.host].consumers[index].queue
        guard let message = self.broker.queues[queue].take(for: id) else { return }
        let delivery = message.delivery(generation: self.hosts[id.host].generation)
        try self.tell(.delivered([delivery], id.subscription, budget: nil), id.host, queue)
    }

    private mutating func arrive(_ id: ModelConsumer.ID) throws {
        guard let index = self.consumer(id) else { return }
        let queue = self.hosts[id.host].consumers[index].queue
        switch self.hosts[id.host].consumers[index].outbox.removeFirst() {
        case .acknowledge(let number):
            if let message = self.broker.queues[queue].remove(number, of: id) { try self.account(for: message) }
        case .giveBack(let number):
            if let message = self.broker.queues[queue].remove(number, of: id) {
                self.broker.queues[queue].putBack(message)
            }
        case .cancel:
            try self.ended(id, index, queue)
        case .close:
            self.broker.queues[queue].putBack { $0 == id }
            try self.ended(id, index, queue)
        }
    }

    private mutating func ended(_ id: ModelConsumer.ID, _ index: Int, _ queue: Int) throws {
        var events: [PipelineEvent] = []
        self.endConsumer(index, id.host, queue, &events)
        for event in events { try self.tell(event, id.host, queue) }
    }

    /// The broker forgets a message: what it was to lead to must have happened.
    private func account(for message: ModelMessage) throws {
        if self.broker.replaced.contains(message.number) { return }
        let isOwn = message.deliveryCount == 0
        let hasRun = isOwn ? self.finished.contains(message.number) : self.finishedEvents.contains(message.event)
        guard hasRun else { throw BrokenPromise("\(message.event) is acknowledged without a finished run") }
        if message.event.emits, !self.broker.emitted.contains(message.event) {
            throw BrokenPromise("\(message.event) is acknowledged before what it emitted is confirmed")
        }
    }

    private mutating func publishArrives(_ host: Int, _ id: SettlementID, _ queue: Int) {
        guard let index = self.hosts[host].publishes.firstIndex(where: { $0.settlement == id && $0.queue == queue })
        else { return }
        self.hosts[host].publishes[index].hasArrived = true
        let publish = self.hosts[host].publishes[index]
        switch publish.content {
        case .emitted(let event): self.broker.emitted.insert(event)
        case .retry(let message):
            self.broker.replaced.insert(publish.number)
            self.broker.delayed.append(message)
        case .deadLetter(let message):
            self.broker.replaced.insert(publish.number)
            self.broker.dead.append(message)
        }
    }

    private mutating func loseConfirm(_ host: Int, _ id: SettlementID, _ queue: Int) throws {
        guard let index = self.hosts[host].publishes.firstIndex(where: { $0.settlement == id && $0.queue == queue })
        else { return }
        let old = self.hosts[host].publishes[index]
        let content: ModelHost<Policy>.Publish.Content =
            switch old.content {
            case .emitted: old.content
            case .retry(let message): .retry(self.broker.another(message))
            case .deadLetter(let message): .deadLetter(self.broker.another(message))
            }
        self.hosts[host].publishes[index] = .init(
            queue: old.queue,
            settlement: old.settlement,
            number: old.number,
            content: content
        )
    }

    private func run(_ id: InvocationID, _ host: Int, _ queue: Int) -> Int? {
        self.hosts[host].runs.firstIndex { $0.id == id && $0.queue == queue }
    }

    private mutating func end(_ host: Int, _ queue: Int, _ id: InvocationID, succeeds: Bool) throws {
        guard let index = self.run(id, host, queue) else { return }
        let run = self.hosts[host].runs.remove(at: index)
        let outcome: Outcome
        if succeeds {
            self.finished.insert(run.number)
            self.finishedEvents.insert(run.event)
            outcome = .done(emitted: run.event.emits ? [.test("order.emitted")] : [])
        } else {
            outcome = .failed(.test)
        }
        let result = InvocationResult(id: id, outcome: outcome, nanoseconds: 1)
        try self.tell(.invoker(run.slot, .results([result])), host, queue)
    }

    private mutating func loseConnection(_ host: Int) throws {
        self.hosts[host].isConnected = false
        self.hosts[host].generation += 1
        for queue in 0..<2 { self.broker.queues[queue].putBack { $0.host == host } }
        let error = BrokerError(.unreachable, "the connection is lost")
        let consumers = self.hosts[host].consumers
        for index in consumers.indices {
            self.hosts[host].consumers[index].isActive = false
            self.hosts[host].consumers[index].outbox.removeAll()
        }
        for consumer in consumers where consumer.phase != .abandoned {
            try self.tell(.interrupted(consumer.id.subscription, .connection, error), host, consumer.queue)
            if consumer.phase == .leaving, let index = self.consumer(consumer.id) {
                try self.ended(consumer.id, index, consumer.queue)
            }
        }
    }

    private mutating func tick() throws {
        var first: (host: Int, timer: ModelHost<Policy>.Timer, due: Duration)?
        for host in self.hosts.indices {
            for (timer, due) in self.hosts[host].timers {
                let order = (due, host, timer.queue, timer.timer.rank)
                if let best = first, (best.due, best.host, best.timer.queue, best.timer.timer.rank) <= order {
                    continue
                }
                first = (host, timer, due)
            }
        }
        guard let first else { return }
        self.time = max(self.time, first.due)
        self.hosts[first.host].timers[first.timer] = nil
        try self.tell(.due(first.timer.timer), first.host, first.timer.queue)
    }
}

extension PipelineTimer {
    fileprivate var rank: Int {
        switch self {
        case .breaker: 0
        case .head: 1
        case .bytes: 2
        case .drain: 3
        }
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
