import Invoking
import Manifests
import Messaging
import Topology

@testable import Processing

/// Does what pipelines want done, as `ConsumerPipeline`, `Intake` and `Settler` do.
extension ModelWorld {
    /// Tells a pipeline something, and does what it wants done, as `Driver` does.
    mutating func tell(_ event: PipelineEvent, _ place: ModelPlace) throws {
        var events = [event]
        var next = 0
        while next < events.count {
            var actions: [PipelineAction] = []
            self[place].pipeline.handle(events[next], at: self.now, &actions)
            next += 1
            for action in actions { try self.perform(action, place, &events) }
        }
        try self.checkHoldings(of: place)
        if self[place].standing == .gone { try self.isGone(place) }
    }

    private mutating func perform(
        _ action: PipelineAction,
        _ place: ModelPlace,
        _ events: inout [PipelineEvent]
    ) throws {
        switch action {
        case .subscribe(_, let prefetch): self.subscribe(Int(prefetch), place)
        case .unsubscribe(let id, let departure): self.unsubscribe(id, departure, place, &events)
        case .abandon(let id): self.abandon(id, place)
        case .renew: break
        case .acknowledge(let tag, let id): try self.settle(tag, id, place, .acknowledge(Int(tag.value)))
        case .requeue(let tag, let id): try self.settle(tag, id, place, .requeue(Int(tag.value)))
        case .reject(let tag, let id):
            try self.checkRefusal(of: Int(tag.value))
            try self.settle(tag, id, place, .reject(Int(tag.value)))
        case .replace(let held, let id, let settlement): try self.replace(held, id, settlement, place)
        case .start(let slot): self[place].starting.insert(slot)
        case .run(let id, let slot): try self.run(id, slot, place)
        case .withdraw(let slot):
            events.append(.withdrawn(slot, self[place].takeRuns(of: slot, begunToo: false)))
        case .stop(let slot):
            if self[place].runs.contains(where: { $0.slot == slot }) {
                throw BrokenPromise("an invoker is stopped that runs something")
            }
            self[place].starting.remove(slot)
            self.endPause(of: slot, place)
            events.append(.stopped(slot))
        case .arm(let timer, let duration):
            self[place].timers[.pipeline(timer)] = self.time + max(.zero, duration)
        case .disarm(let timer): self[place].timers[.pipeline(timer)] = nil
        case .report(.candidateReady): events.append(.commitChange)
        case .report(.abandonedDeliveries): self[place].mustKeepQueue = true
        case .report(.drained):
            self[place].standing = .gone
            self[place].timers.removeAll()
        case .report, .note: break
        }
    }

    // MARK: - Consumers

    private mutating func subscribe(_ prefetch: Int, _ place: ModelPlace) {
        self.hosts[place.host].subscriptions += 1
        let subscription = SubscriptionID(number: self.hosts[place.host].subscriptions)
        let id = ModelConsumer.ID(place: place, life: self.hosts[place.host].life, subscription: subscription)
        let consumer = ModelConsumer(id: id, owner: self[place].life, prefetch: prefetch)
        self[place].consumers.append(consumer)
        var actions: [PipelineAction] = []
        self[place].pipeline.handle(.subscribed(subscription), at: self.now, &actions)
    }

    private mutating func unsubscribe(
        _ id: SubscriptionID,
        _ departure: UnsubscribeMode,
        _ place: ModelPlace,
        _ events: inout [PipelineEvent]
    ) {
        guard let index = self[place].consumer(id) else { return }
        self[place].consumers[index].outbox.append(departure == .settling ? .cancel : .close)
        self[place].consumers[index].phase = .leaving
        if !self.hosts[place.host].isConnected { self.endConsumer(index, place, &events) }
    }

    /// Its channel is closed, and nobody waits for that.
    private mutating func abandon(_ id: SubscriptionID, _ place: ModelPlace) {
        guard let index = self[place].consumer(id) else { return }
        self[place].consumers[index].phase = .abandoned
        if self.hosts[place.host].isConnected, !self[place].consumers[index].outbox.contains(.close) {
            self[place].consumers[index].outbox.append(.close)
        }
    }

    mutating func endConsumer(_ index: Int, _ place: ModelPlace, _ events: inout [PipelineEvent]) {
        let consumer = self[place].consumers[index]
        self.broker[place.queue].removeConsumers { $0 == consumer.id }
        self[place].consumers[index].isActive = false
        guard consumer.phase != .abandoned else { return }
        self[place].consumers[index].outbox.removeAll { $0 == .cancel || $0 == .close }
        self[place].consumers[index].phase = .ended
        if consumer.owner == self[place].life { events.append(.ended(consumer.id.subscription)) }
    }

    /// What settles a delivery goes out, once, and only while its tag is good.
    private mutating func settle(
        _ tag: DeliveryTag,
        _ id: SubscriptionID,
        _ place: ModelPlace,
        _ frame: ModelConsumer.Frame
    ) throws {
        guard let index = self[place].consumer(id) else {
            throw BrokenPromise("a subscription is settled that is not")
        }
        let consumer = self[place].consumers[index]
        let number = Int(tag.value)
        let host = self.hosts[place.host]
        guard host.isConnected, tag.generation == host.generation,
            self.broker[place.queue].holds(number, for: consumer.id)
        else { throw BrokenPromise("message \(number) is settled by a tag that is void") }
        guard !consumer.outbox.contains(where: { $0.settled == number }) else {
            throw BrokenPromise("message \(number) is settled twice")
        }
        self[place].consumers[index].outbox.append(frame)
    }

    // MARK: - Replacements

    private mutating func replace(
        _ held: HeldDelivery,
        _ id: SettlementID,
        _ settlement: Settlement,
        _ place: ModelPlace
    ) throws {
        let number = Int(held.delivery.tag.value)
        let event = try self.event(of: number)
        let content: ModelFunction<Policy>.Publish.Content
        switch settlement {
        case .acknowledge:
            content = .emitted(event)
        case .retry(let delay, let history, let failure):
            let copy = CopyBuilder(names: Self.names, host: "host").retry(
                held.delivery,
                queue: self.versions[place.queue].topology.queue,
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
            var model = self.broker.newMessage(event, attempt: history.attempt, message)
            model.copyEnd = self[place].ends[number]
            content = .retry(model)
        case .deadLetter(_, let history, _):
            let message = self.broker.newMessage(event, attempt: history.attempt, event.message(self.settings))
            content = .deadLetter(message)
        }
        self[place].publishes.append(.init(id: self[place].publishID(id), number: number, content: content))
    }

    // MARK: - Runs

    private mutating func run(
        _ id: InvocationID,
        _ slot: InvokerSlot.ID,
        _ place: ModelPlace
    ) throws {
        guard let held = self[place].pipeline.deliveries.running[id] else {
            throw BrokenPromise("something begins of which its pipeline knows nothing")
        }
        let number = Int(held.delivery.tag.value)
        let event = try self.event(of: number)
        self.eventsOfRuns[number] = event
        self.noteEnd(of: event, number, place)
        try self.checkRun(of: event, number, held, slot, place)
        self[place].runs.append(
            .init(
                id: id,
                slot: slot,
                event: event,
                number: number,
                hasBegun: !self.settings.invokersQueue,
                isProbe: self[place].pipeline.health.breaker.state == .probing
            )
        )
    }

    /// The time of an event counts from its first run here, or as what it is a copy of says.
    private mutating func noteEnd(of event: ModelEvent, _ number: Int, _ place: ModelPlace) {
        guard event.expires(self.settings), self[place].ends[number] == nil else { return }
        let message = self.broker[place.queue].held.first { $0.message.number == number }?.message
        self[place].ends[number] = message?.copyEnd ?? self.time + ModelSettings.lifetime
    }
}
