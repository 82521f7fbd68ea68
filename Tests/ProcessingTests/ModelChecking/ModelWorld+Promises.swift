import Messaging

@testable import Processing

/// What must hold, whatever happens.
extension ModelWorld {
    // MARK: - Runs

    /// Asked when a pipeline begins a run.
    func checkRun(
        of event: ModelEvent,
        _ number: Int,
        _ held: HeldDelivery,
        _ slot: InvokerSlot.ID,
        _ place: ModelPlace
    ) throws {
        for other in self[place].runs where other.number == number || event != .withoutID && other.event == event {
            throw BrokenPromise("\(event) runs twice at the same time on one host")
        }
        if self.broker[place.queue].isOrdered, self.broker[place.queue].hasOlder(than: number) {
            throw BrokenPromise("\(event) begins before what came earlier has ended")
        }
        guard held.history.attempt <= ModelSettings.attempts else {
            throw BrokenPromise("attempt \(held.history.attempt) of \(ModelSettings.attempts) is made of \(event)")
        }
        if let end = self[place].ends[number], end <= self.time {
            throw BrokenPromise("\(event) is run after its time")
        }
        if self[place].paused.contains(slot) || self[place].starting.contains(slot) {
            throw BrokenPromise("\(event) is given to an invoker that takes nothing")
        }
        switch self[place].pipeline.health.breaker.state {
        case .closed: break
        case .open: throw BrokenPromise("\(event) is run while the function is paused")
        case .probing:
            if self[place].runs.contains(where: { $0.isProbe && $0.slot == slot }) {
                throw BrokenPromise("\(event) is a second probe beside another")
            }
        }
    }

    // MARK: - What is held

    /// Asked whenever a pipeline has been told something.
    func checkHoldings(of place: ModelPlace) throws {
        try self.checkThatNothingIsForgotten(by: place)
        try self.checkDrain(of: place)
        try self.checkBytes(of: place)
    }

    /// Of all that the broker has given to the function's consumers its pipeline knows each message, or has settled it.
    private func checkThatNothingIsForgotten(by place: ModelPlace) throws {
        var known: Set<Int>?
        for held in self.broker[place.queue].held where held.holder.place == place {
            guard let index = self.consumer(held.holder) else { continue }
            let consumer = self[place].consumers[index]
            let number = held.message.number
            if consumer.isClosing || consumer.outbox.contains(where: { $0.settled == number }) { continue }
            known = known ?? Set(self[place].pipeline.deliveries.held.map { Int($0.tag.value) })
            if consumer.owner != self[place].life || known?.contains(number) == false {
                throw BrokenPromise("message \(number) is held by \(consumer.id), and forgotten")
            }
        }
    }

    /// What has not begun goes back as soon as the function drains. An ordered one goes back with its channel.
    private func checkDrain(of place: ModelPlace) throws {
        guard self[place].pipeline.isDraining, !self.broker[place.queue].isOrdered else { return }
        let deliveries = self[place].pipeline.deliveries
        if !deliveries.waiting.isEmpty || !deliveries.notRun.isEmpty || !deliveries.duplicates.isEmpty {
            throw BrokenPromise("\(place) drains, and keeps what has not begun")
        }
    }

    /// One event more than the budget: the one that shows that it is too much. What the broker has taken back is its
    /// own again, and is delivered beside what goes on here.
    private func checkBytes(of place: ModelPlace) throws {
        guard let budget = self.settings.byteBudget else { return }
        let sizes = self[place].pipeline.deliveries.held.map(\.bytes.count)
        let bytes = sizes.reduce(0, +)
        if bytes - (sizes.max() ?? 0) > budget {
            throw BrokenPromise("\(place) holds \(bytes) bytes of \(budget), in \(sizes.count) events")
        }
    }

    // MARK: - What leaves the broker

    /// The broker forgets a message: what it was to lead to must have happened.
    func account(for message: ModelMessage) throws {
        if self.broker.replaced.contains(message.number) { return }
        let isOwn = message.deliveryCount == 0
        let hasRun = isOwn ? self.finished.contains(message.number) : self.finishedEvents.contains(message.event)
        guard hasRun else { throw BrokenPromise("\(message.event) is acknowledged without a finished run") }
        if message.event.emits, !self.broker.emitted.contains(message.event) {
            throw BrokenPromise("\(message.event) is acknowledged before what it emitted is confirmed")
        }
    }

    /// The broker is to dead-letter a message as it is.
    func checkRefusal(of number: Int) throws {
        if self.refused.contains(number) { return }
        let event = try self.event(of: number)
        if !event.isOversized(self.settings) { throw BrokenPromise("\(event) is refused, and could be copied") }
    }

    /// A queue goes, and what its consumers hold with it.
    func checkDeletion(of queue: Int) throws {
        for held in self.broker[queue].held {
            do {
                try self.account(for: held.message)
            } catch {
                throw BrokenPromise("\(held.message.event) goes with its queue")
            }
        }
    }
}

extension DeliveryTable {
    /// Those whose tags are good.
    fileprivate var held: [Delivery] {
        var held = Array(self.notRun) + self.duplicates + self.running.all + self.replacing.values.map(\.held)
        if let head = self.waitingHead { held.append(head.delivery) }
        return self.waiting + held.filter { !$0.isOrphaned }.map(\.delivery)
    }
}
