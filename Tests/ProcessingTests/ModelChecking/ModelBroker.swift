import Messaging

@testable import Processing

/// What RabbitMQ does with two quorum queues, as a value: messages that a consumer holds go back to their places when
/// its channel or connection is lost, and are then marked as redelivered; the end of a consumer leaves with it what it
/// holds; an acknowledgement counts when it arrives; a queue whose process does not answer does nothing at all.
struct ModelBroker: Hashable {
    /// A message with a consumer, unacknowledged.
    struct Held: Hashable {
        var message: ModelMessage
        let holder: ModelConsumer.ID
    }

    struct Queue: Hashable {
        var ready: [ModelMessage] = []
        var held: [Held] = []
        var answers = true
        /// Deleted with its function, until somebody consumes it again.
        var exists = true
        /// One consumer at a time gets messages (x-single-active-consumer), the one that came first.
        var isOrdered = false
        private var active: [ModelConsumer.ID] = []

        var hasConsumers: Bool { !self.active.isEmpty }

        mutating func add(_ consumer: ModelConsumer.ID) {
            self.active.append(consumer)
            // Whoever misses it declares it.
            self.exists = true
        }
        mutating func removeConsumers(where isMeant: (ModelConsumer.ID) -> Bool) {
            self.active.removeAll(where: isMeant)
        }
        func delivers(to consumer: ModelConsumer.ID) -> Bool { !self.isOrdered || self.active.first == consumer }

        mutating func take(for holder: ModelConsumer.ID) -> ModelMessage? {
            guard !self.ready.isEmpty else { return nil }
            let message = self.ready.removeFirst()
            self.held.append(Held(message: message, holder: holder))
            return message
        }

        /// Whether it has a message that came before.
        func hasOlder(than number: Int) -> Bool {
            self.ready.contains { $0.number < number } || self.held.contains { $0.message.number < number }
        }

        func holds(_ number: Int, for holder: ModelConsumer.ID) -> Bool {
            self.held.contains { $0.message.number == number && $0.holder == holder }
        }

        /// How many messages the consumer has.
        func count(heldBy holder: ModelConsumer.ID) -> Int { self.held.count { $0.holder == holder } }

        mutating func remove(_ number: Int, of holder: ModelConsumer.ID) -> ModelMessage? {
            self.held.firstIndex { $0.message.number == number && $0.holder == holder }
                .map { self.held.remove(at: $0).message }
        }

        /// Back to its place, as one that was delivered.
        mutating func putBack(_ message: ModelMessage) {
            var message = message
            message.deliveryCount += 1
            self.ready.insert(message, at: self.ready.firstIndex { $0.number > message.number } ?? self.ready.count)
        }

        /// The consumers are gone, and what they held goes back.
        mutating func putBack(whatIsHeldBy isMeant: (ModelConsumer.ID) -> Bool) {
            self.removeConsumers(where: isMeant)
            let lost = self.held.filter { isMeant($0.holder) }
            self.held.removeAll { isMeant($0.holder) }
            for held in lost { self.putBack(held.message) }
        }

        /// The first message, if it has waited for longer than it may: RabbitMQ looks at no other.
        func hasExpired(at now: Duration) -> Bool { self.ready.first?.brokerEnd.map { $0 <= now } ?? false }
    }

    var queues = [Shared(Queue()), Shared(Queue())]
    /// In the delay levels, on their way back to their queues.
    var delayed: [ModelMessage] = []
    var dead: [ModelMessage] = []
    /// Came back for a queue that was gone.
    var parked: [ModelMessage] = []
    /// Events whose emitted event has arrived.
    var emitted: Set<ModelEvent> = []
    /// Messages whose replacement has arrived.
    var replaced: Set<Int> = []
    private(set) var messages = 0

    subscript(queue: Int) -> Queue {
        _read { yield self.queues[queue].value }
        _modify { yield &self.queues[queue].value }
    }

    /// The same message, sent once more.
    mutating func another(_ message: ModelMessage) -> ModelMessage {
        self.messages += 1
        return message.renumbered(self.messages)
    }

    mutating func newMessage(_ event: ModelEvent, attempt: Int, _ message: OutgoingMessage) -> ModelMessage {
        self.messages += 1
        return ModelMessage(number: self.messages, event: event, attempt: attempt, message)
    }
}
