internal import Messaging

/// One subscription from the in-memory broker's point of view. Pure.
struct InMemoryConsumer {
    /// Identifies the subscription and its intake.
    struct ID: Hashable, Sendable {
        let intake: Int
        let subscription: SubscriptionID
    }

    enum State {
        /// The queue does not exist. Consuming begins when it is declared.
        case waiting
        case consuming
        /// Unsubscribed. Delivered messages can still be settled.
        case ended
    }

    /// The notices to the intake, in this order.
    enum Event: Sendable {
        case active
        case delivered(DeliveryTag, InMemoryMessage)
        case interrupted(Interruption, BrokerError)
        case ended
    }

    let queue: String
    let prefetch: Int
    var state = State.waiting
    /// The number of the current life of the consumer, as in `DeliveryTag`.
    var generation: UInt32 = 0
    private var lastTag: UInt64 = 0
    /// The messages that were delivered in this life and are not settled.
    private(set) var unsettled: [UInt64: InMemoryMessage] = [:]

    init(queue: String, prefetch: Int) {
        self.queue = queue
        self.prefetch = prefetch
    }

    var wantsMore: Bool {
        guard case .consuming = self.state else { return false }
        return self.prefetch == 0 || self.unsettled.count < self.prefetch
    }

    mutating func activate() {
        self.state = .consuming
        self.generation += 1
        self.lastTag = 0
    }

    mutating func handOut(_ message: InMemoryMessage) -> DeliveryTag {
        self.lastTag += 1
        self.unsettled[self.lastTag] = message
        return DeliveryTag(generation: self.generation, value: self.lastTag)
    }

    /// Removes and returns the message of a tag; `nil` if the tag is already settled, or is from an earlier life.
    mutating func settle(_ tag: DeliveryTag) -> InMemoryMessage? {
        guard tag.generation == self.generation else { return nil }
        return self.unsettled.removeValue(forKey: tag.value)
    }

    /// Removes and returns all unsettled messages in order. Their tags are invalid from now on.
    mutating func takeUnsettled() -> [InMemoryMessage] {
        defer { self.unsettled = [:] }
        return self.unsettled.sorted { $0.key < $1.key }.map(\.value)
    }
}
