import Invoking
import Manifests
import Messaging

@testable import Processing

/// What follows from what happens.
extension ModelWorld {
    mutating func apply(_ step: ModelStep) throws {
        switch step {
        case .activate(let id):
            guard let index = self.consumer(id) else { return }
            self[id.place].consumers[index].isActive = true
            self.broker[id.place.queue].add(id)
            try self.tell(.active(id.subscription), id.place)
        case .deliver(let id): try self.deliver(id)
        case .arrive(let id): try self.arrive(id)
        case .publishArrives(let settling): self.publishArrives(settling)
        case .confirm(let settling): try self.end(settling, .settled)
        case .delayIsOver(let number): self.delayIsOver(number)
        case .drop(let queue): self.broker.dead.append(self.broker[queue].ready.removeFirst())
        case .ready(let place, let slot):
            self[place].starting.remove(slot)
            try self.tell(.invoker(slot, .ready), place)
        case .begin(let place, let id):
            if let index = self[place].run(id) { self[place].runs[index].hasBegun = true }
        case .succeed(let place, let id):
            guard let run = self.takeRun(id, place) else { return }
            self.finished.insert(run.number)
            self.finishedEvents.insert(run.event)
            try self.end(run, .done(emitted: run.event.emits ? [.test("order.emitted")] : []), place)
        case .reconsider(let place, let slot): try self.pauseIsOver(slot, place)
        case .reconnect(let host): self.hosts[host].isConnected = true
        case .resume(let queue): self.broker[queue].answers = true
        case .leaveQueue(let place): try self.leaveQueue(place)
        case .tick: try self.tick()
        case .republish, .fail, .putOff, .pause, .loseConnection, .loseConfirm, .refuse, .abandon, .crash, .unavailable,
            .workerDies, .suspend, .changeOver, .drain, .remove, .bringBack:
            try self.applyFault(step)
        }
    }

    // MARK: - The broker

    private mutating func deliver(_ id: ModelConsumer.ID) throws {
        let place = id.place
        guard let index = self.consumer(id), let message = self.broker[place.queue].take(for: id) else { return }
        // The broker does not know yet that nobody listens any more.
        guard self[place].consumers[index].phase != .abandoned else { return }
        // Its time counts anew, unless it still runs here.
        if !self[place].runs.contains(where: { $0.number == message.number }) {
            self[place].ends[message.number] = nil
        }
        let delivery = message.delivery(
            generation: self.hosts[place.host].generation,
            omitsBody: message.event.isOversized(self.settings)
        )
        try self.tell(.delivered([delivery], id.subscription, budget: self.settings.byteBudget), place)
    }

    private mutating func arrive(_ id: ModelConsumer.ID) throws {
        guard let index = self.consumer(id) else { return }
        let queue = id.place.queue
        switch self[id.place].consumers[index].outbox.removeFirst() {
        case .acknowledge(let number):
            if let message = self.broker[queue].remove(number, of: id) { try self.account(for: message) }
        case .requeue(let number):
            if let message = self.broker[queue].remove(number, of: id) { self.broker[queue].putBack(message) }
        case .reject(let number):
            if let message = self.broker[queue].remove(number, of: id) { self.broker.dead.append(message) }
        case .cancel:
            try self.ended(index, id.place)
        case .close:
            self.broker[queue].putBack { $0 == id }
            try self.ended(index, id.place)
        }
    }

    mutating func ended(_ index: Int, _ place: ModelPlace) throws {
        var events: [PipelineEvent] = []
        self.endConsumer(index, place, &events)
        for event in events { try self.tell(event, place) }
    }

    private mutating func publishArrives(_ settling: ModelStep.Settling) {
        let place = settling.place
        guard let index = self.publish(settling) else { return }
        self[place].publishes[index].hasArrived = true
        let publish = self[place].publishes[index]
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

    func publish(_ settling: ModelStep.Settling) -> Int? {
        self[settling.place].publish(.init(owner: settling.owner, settlement: settling.settlement))
    }

    /// Whoever waits for the settlement hears how it ended.
    ///
    /// The broker's nack is no end: the settler publishes again after a pause, and to the pipeline that is a settlement
    /// that takes longer.
    mutating func end(_ settling: ModelStep.Settling, _ result: SettlementResult) throws {
        let place = settling.place
        guard let index = self.publish(settling) else { return }
        self[place].publishes.remove(at: index)
        if settling.owner == self[place].life { try self.tell(.settled(settling.settlement, result), place) }
    }

    private mutating func delayIsOver(_ number: Int) {
        guard let index = self.broker.delayed.firstIndex(where: { $0.number == number }) else { return }
        let message = self.broker.delayed.remove(at: index)
        if self.broker[message.event.queue].exists {
            self.broker[message.event.queue].ready.append(message)
        } else {
            self.broker.parked.append(message)
        }
    }

    // MARK: - Functions

    mutating func takeRun(_ id: InvocationID, _ place: ModelPlace) -> ModelFunction<Policy>.Run? {
        self[place].run(id).map { self[place].runs.remove(at: $0) }
    }

    mutating func end(_ run: ModelFunction<Policy>.Run, _ outcome: Outcome, _ place: ModelPlace) throws {
        let result = InvocationResult(id: run.id, outcome: outcome, nanoseconds: 1)
        try self.tell(.invoker(run.slot, .results([result])), place)
    }

    mutating func endPause(of slot: InvokerSlot.ID, _ place: ModelPlace) {
        self[place].paused.remove(slot)
        self[place].timers[.pause(slot)] = nil
    }

    mutating func pauseIsOver(_ slot: InvokerSlot.ID, _ place: ModelPlace) throws {
        self.endPause(of: slot, place)
        try self.tell(.invoker(slot, .ready), place)
    }
}
