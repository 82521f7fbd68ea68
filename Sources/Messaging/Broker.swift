/// What the runtime needs of a broker apart from consuming: it declares and removes objects, inspects queues, and
/// publishes messages.
///
/// There are two implementations: RabbitMQ through librabbitmq, and the in-memory broker of `WarrenTesting`. One suite
/// of conformance tests runs over both.
package protocol Broker: Sendable {
    /// Makes sure that everything in the list exists, in order. Stops at the first object that the broker refuses.
    func declare(_ declarations: [Declaration]) async throws(BrokerError)

    /// Makes sure that nothing in the list exists any more, in order; an object that does not exist counts as removed.
    /// Stops at the first object that the broker refuses to remove.
    func remove(_ removals: [Removal]) async throws(BrokerError)

    /// What the broker knows of a queue; `nil` when the queue does not exist. The answer may mean "unknown"
    /// (`QueueInspection.isUnknown`).
    func inspect(queue: String) async throws(BrokerError) -> QueueInspection?

    /// Like `inspect`, but proven by an answer of the queue itself: call this before destroying anything. May take a
    /// message out of the queue for a moment and give it back.
    ///
    /// Throws `unreachable` when the queue does not answer.
    func inspectForCertain(queue: String) async throws(BrokerError) -> QueueInspection?

    /// Publishes the messages in order. `completion` is called once, on any thread, with one result for each message
    /// when all are known. While the broker is away the messages wait and are sent, or sent again, when it is back.
    func publish(_ messages: [OutgoingMessage], completion: @escaping @Sendable ([PublishResult]) -> Void)
}

extension Broker {
    /// Publishes the messages in order and returns one result for each when all are known.
    package func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
        await withCheckedContinuation { continuation in
            self.publish(messages) { continuation.resume(returning: $0) }
        }
    }
}

/// The answer to a passive declaration of a queue.
///
/// When a quorum queue does not answer, RabbitMQ answers for it: no messages and no consumers
/// (rabbit_quorum_queue:stat, 3.10 to 4.3, after 250 ms, or at once when its leader is away). So zeros alone mean
/// "unknown".
package struct QueueInspection: Sendable, Equatable {
    /// Messages ready for delivery; those in flight are not counted.
    package let readyMessages: Int
    /// The number of consumers. For a queue with a single active consumer only the active one counts: RabbitMQ leaves
    /// out those that wait (3.10.8).
    package let consumers: Int

    /// Whether the queue is empty and without consumers, or the broker does not know.
    package var isUnknown: Bool { self.readyMessages == 0 && self.consumers == 0 }

    package init(readyMessages: Int, consumers: Int) {
        self.readyMessages = readyMessages
        self.consumers = consumers
    }
}
