/// What the runtime asks of a broker apart from consuming: to make objects exist, or exist no more, and to take
/// messages.
///
/// Two brokers implement it: RabbitMQ through librabbitmq, and the in-memory broker of `WarrenTesting`. One suite of
/// conformance tests runs over both.
package protocol Broker: Sendable {
    /// Makes everything in the list exist, in order. Stops at the first object that the broker refuses.
    func declare(_ declarations: [Declaration]) async throws(BrokerError)

    /// Makes nothing in the list exist any more, in order; what does not exist anyway is done. Stops at the first
    /// object that the broker refuses to remove.
    func remove(_ removals: [Removal]) async throws(BrokerError)

    /// What the broker knows of a queue; nil when it does not exist. May be unknown (`QueueInspection.isUnknown`).
    func inspect(queue: String) async throws(BrokerError) -> QueueInspection?

    /// The same, proven by an answer of the queue itself: nothing may be destroyed on less. May take a message out of
    /// the queue for a moment and give it back.
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

/// What a passive declaration tells of a queue.
///
/// RabbitMQ answers for a quorum queue that does not: no messages and no consumers (rabbit_quorum_queue:stat,
/// 3.10 to 4.3, after 250 ms, or at once when its leader is away). So this answer alone means "unknown".
package struct QueueInspection: Sendable, Equatable {
    /// Messages ready for delivery; those in flight are not counted.
    package let readyMessages: Int
    /// Of a queue with a single active consumer only that one counts: RabbitMQ leaves out those that wait (3.10.8).
    package let consumers: Int

    /// The queue is empty and nobody consumes it, or the broker does not know.
    package var isUnknown: Bool { self.readyMessages == 0 && self.consumers == 0 }

    package init(readyMessages: Int, consumers: Int) {
        self.readyMessages = readyMessages
        self.consumers = consumers
    }
}
