internal import EventLoops
package import Messaging
internal import Synchronization

/// An in-memory broker that behaves like RabbitMQ in everything that Warren relies on. One suite of conformance tests
/// runs over both.
///
/// Nothing is persisted: the messages end with the broker. Time is a `ManualClock`, so a test need not wait for a delay
/// of days. Every call is answered before it returns; only consuming happens on another thread, that of the intake's
/// loop.
package final class InMemoryBroker: Broker {
    private struct State {
        var rules: InMemoryBrokerState
        var intakes: [Int: Mailbox<InMemoryIntake.Notice>] = [:]
        var lastIntake = 0
    }

    private let state: Mutex<State>

    /// - Parameter clock: the clock that expiry is measured by. Advance it to let messages expire.
    package init(clock: ManualClock = ManualClock()) {
        self.state = Mutex(State(rules: InMemoryBrokerState(now: clock.now)))
        clock.onAdvance { [weak self] now in self?.change { $0.advance(to: now) } }
    }

    /// Changes the state, and sends the resulting events to the consumers in their order.
    @discardableResult
    private func change<Result: Sendable>(_ body: (inout InMemoryBrokerState) -> Result) -> Result {
        self.state.withLock { state in
            let result = body(&state.rules)
            // Sent under the lock, so that the events of the next change cannot overtake these.
            for (consumer, event) in state.rules.events {
                state.intakes[consumer.intake]?.send(.event(consumer.subscription, event))
            }
            state.rules.events.removeAll(keepingCapacity: true)
            return result
        }
    }

    // MARK: - Broker

    package func declare(_ declarations: [Declaration]) async throws(BrokerError) {
        for declaration in declarations {
            try self.attempt { rules throws(BrokerError) in try rules.declare(declaration) }
        }
    }

    package func remove(_ removals: [Removal]) async throws(BrokerError) {
        for removal in removals {
            try self.attempt { rules throws(BrokerError) in try rules.remove(removal) }
        }
    }

    private func attempt(_ body: (inout InMemoryBrokerState) throws(BrokerError) -> Void) throws(BrokerError) {
        let problem = self.change { rules -> BrokerError? in
            do throws(BrokerError) {
                try body(&rules)
                return nil
            } catch {
                return error
            }
        }
        if let problem { throw problem }
    }

    package func inspect(queue: String) async throws(BrokerError) -> QueueInspection? {
        self.state.withLock { $0.rules.inspect(queue: queue) }
    }

    package func inspectForCertain(queue: String) async throws(BrokerError) -> QueueInspection? {
        try self.state.withLock { state throws(BrokerError) in try state.rules.inspectForCertain(queue: queue) }
    }

    /// Makes a queue stop reporting its contents, as one without a leader does, or report them again.
    package func setSilent(_ isSilent: Bool, queue: String) {
        self.state.withLock { state in
            if isSilent { state.rules.silentQueues.insert(queue) } else { state.rules.silentQueues.remove(queue) }
        }
    }

    /// Calls the completion before it returns.
    package func publish(
        _ messages: [OutgoingMessage],
        completion: @escaping @Sendable ([PublishResult]) -> Void
    ) {
        completion(self.change { rules in messages.map { rules.publish($0) } })
    }

    /// Deletes a queue with its messages, as an operator would. Its consumers are interrupted. Does nothing if there is
    /// no queue of this name.
    package func delete(queue: String) { self.change { $0.delete(queue: queue) } }

    // MARK: - Intakes

    /// Registers an intake and returns its number.
    func open(_ mailbox: Mailbox<InMemoryIntake.Notice>) -> Int {
        self.state.withLock { state in
            state.lastIntake += 1
            state.intakes[state.lastIntake] = mailbox
            return state.lastIntake
        }
    }

    func subscribe(_ consumer: InMemoryConsumer.ID, to queue: String, prefetch: UInt16) {
        self.change { $0.subscribe(consumer, to: queue, prefetch: Int(prefetch)) }
    }

    func unsubscribe(_ consumer: InMemoryConsumer.ID, _ departure: UnsubscribeMode) {
        self.change { $0.unsubscribe(consumer, departure) }
    }

    func renew(_ consumer: InMemoryConsumer.ID, because error: BrokerError) {
        self.change { $0.renew(consumer, because: error) }
    }

    func settle(
        _ settlements: [(tag: DeliveryTag, consumer: InMemoryConsumer.ID)],
        _ how: InMemoryBrokerState.Settlement
    ) {
        self.change { rules in
            for (tag, consumer) in settlements { rules.settle(tag, of: consumer, how) }
        }
    }

    /// Closes an intake. Its unsettled messages return to their queues.
    func close(intake: Int) {
        self.state.withLock { $0.intakes[intake] = nil }
        self.change { $0.close(intake: intake) }
    }
}

// MARK: - Looking inside

extension InMemoryBroker {
    /// The number of messages in a queue, by their state.
    package struct Counts: Sendable, Equatable {
        /// Messages that are ready to be delivered.
        package let ready: Int
        /// Messages that were delivered and not settled.
        package let unacknowledged: Int
        /// Dead letters that at-least-once dead-lettering keeps until they can be routed.
        package let held: Int

        package init(ready: Int = 0, unacknowledged: Int = 0, held: Int = 0) {
            self.ready = ready
            self.unacknowledged = unacknowledged
            self.held = held
        }
    }

    /// The ready messages of a queue, in order; empty if the queue does not exist.
    package func messages(in queue: String) -> [InMemoryMessage] {
        self.state.withLock { state in state.rules.queues[queue].map { Array($0.ready) } ?? [] }
    }

    /// The counts of a queue; all zero if it does not exist.
    package func counts(of queue: String) -> Counts {
        self.state.withLock { state in
            let consumers = state.rules.consumers.values.filter { $0.queue == queue }
            return Counts(
                ready: state.rules.queues[queue]?.ready.count ?? 0,
                unacknowledged: consumers.map(\.unsettled.count).reduce(0, +),
                held: state.rules.queues[queue]?.held.count ?? 0
            )
        }
    }

    /// The names of the queues, sorted.
    package var queueNames: [String] { self.state.withLock { $0.rules.queues.keys.sorted() } }

    /// Whether all messages that have a consumer were delivered and settled. Messages in queues without consumers, such
    /// as delays and dead letters, do not count.
    package var isIdle: Bool {
        self.state.withLock { state in
            state.rules.consumers.values.allSatisfy(\.unsettled.isEmpty)
                && state.rules.queues.values.allSatisfy { $0.consumers.isEmpty || $0.ready.isEmpty }
        }
    }

    /// When the next message expires, on the broker's clock; `nil` if none will. Advance the clock to this time to end
    /// a delay without waiting longer than needed.
    package var nextExpiry: Duration? { self.state.withLock { $0.rules.nextExpiry?.time } }
}
