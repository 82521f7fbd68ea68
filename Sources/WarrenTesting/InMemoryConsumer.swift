internal import Messaging

/// One subscription as an in-memory broker sees it. Pure.
struct InMemoryConsumer {
    /// Which subscription of which intake.
    struct ID: Hashable, Sendable {
        let intake: Int
        let subscription: SubscriptionID
    }

    enum State {
        /// The queue does not exist; consuming begins when somebody declares it.
        case waiting
        case consuming
        /// Unsubscribed; what was handed out can still be settled.
        case ended
    }

    /// What the intake is told, in this order.
    enum Event: Sendable {
        case active
        case delivered(DeliveryTag, InMemoryMessage)
        case interrupted(Interruption, BrokerError)
        case ended
    }

    let queue: String
    let prefetch: Int
    var state = State.waiting
    /// The number of the present life, as in `DeliveryTag`.
    var generation: UInt32 = 0
    private var lastTag: UInt64 = 0
    /// What was handed out in this life and is not settled.
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

    /// The message of a tag; nil when the tag is settled already, or of an earlier life.
    mutating func settle(_ tag: DeliveryTag) -> InMemoryMessage? {
        guard tag.generation == self.generation else { return nil }
        return self.unsettled.removeValue(forKey: tag.value)
    }

    /// Everything that is not settled, in its order; the tags are void from now on.
    mutating func takeUnsettled() -> [InMemoryMessage] {
        defer { self.unsettled = [:] }
        return self.unsettled.sorted { $0.key < $1.key }.map(\.value)
    }
}
