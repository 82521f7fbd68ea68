internal import DequeModule
internal import Messaging

/// One queue of an in-memory broker: its messages and its consumers. Pure.
struct InMemoryQueue {
    let declaration: QueueDeclaration
    /// Messages that are ready to be delivered, ordered by position.
    private(set) var ready = Deque<InMemoryMessage>()
    /// Dead letters that at-least-once dead-lettering could not route, kept until they can be.
    var held: [InMemoryMessage] = []
    /// Consumers in the order in which they get their next message.
    var consumers: [InMemoryConsumer.ID] = []

    init(_ declaration: QueueDeclaration) { self.declaration = declaration }

    // MARK: - Arguments

    private var arguments: [DeclarationArgument] { self.declaration.arguments }
    var deadLetterExchange: String? { self.arguments.text("x-dead-letter-exchange") }
    var deadLetterRoutingKey: String? { self.arguments.text("x-dead-letter-routing-key") }
    var timeToLive: Duration? { self.arguments.number("x-message-ttl").map(Duration.milliseconds) }
    var deliveryLimit: Int? { self.arguments.number("x-delivery-limit").map(Int.init) }
    /// Whether only the first of the consumers gets deliveries, until it is gone
    /// (https://www.rabbitmq.com/docs/consumers, single active consumer).
    var hasSingleActiveConsumer: Bool { self.arguments.flag("x-single-active-consumer") ?? false }
    private var maximumLength: Int { self.arguments.number("x-max-length").map(Int.init) ?? .max }
    private var refusesWhenFull: Bool { self.arguments.text("x-overflow") == "reject-publish" }

    /// Whether the queue accepts another message. A full queue without `reject-publish` drops its oldest message
    /// instead.
    var hasRoom: Bool { !self.refusesWhenFull || self.ready.count < self.maximumLength }
    /// Whether the oldest message must be dropped.
    var isOverfull: Bool { !self.refusesWhenFull && self.ready.count > self.maximumLength }

    /// Whether dead letters are forwarded at least once. This requires `reject-publish`; without it RabbitMQ falls back
    /// to at most once (https://www.rabbitmq.com/docs/quorum-queues, at-least-once dead lettering).
    var deadLettersAtLeastOnce: Bool {
        self.arguments.text("x-dead-letter-strategy") == "at-least-once" && self.refusesWhenFull
    }

    // MARK: - Messages

    /// When the message expires if it enters this queue now: by the queue's limit or its own, whichever comes first.
    func expiry(of message: InMemoryMessage, now: Duration) -> Duration? {
        let own = message.properties.expiration.flatMap { Int64($0) }.map(Duration.milliseconds)
        guard let shortest = [own, self.timeToLive].compactMap({ $0 }).min() else { return nil }
        return now + shortest
    }

    mutating func append(_ message: InMemoryMessage) { self.ready.append(message) }

    /// The number of consumers that an inspection reports, those that wait for their turn and those that have ended
    /// apart.
    var countedConsumers: Int { self.hasSingleActiveConsumer ? min(1, self.consumers.count) : self.consumers.count }

    /// The consumer that gets the next message; `nil` if no eligible consumer has room for it.
    func taker(_ hasRoom: (InMemoryConsumer.ID) -> Bool) -> InMemoryConsumer.ID? {
        guard self.hasSingleActiveConsumer else { return self.consumers.first(where: hasRoom) }
        return self.consumers.first.flatMap { hasRoom($0) ? $0 : nil }
    }

    /// Moves a consumer that got a message behind the others.
    mutating func served(_ consumer: InMemoryConsumer.ID) {
        guard !self.hasSingleActiveConsumer, let index = self.consumers.firstIndex(of: consumer) else { return }
        self.consumers.append(self.consumers.remove(at: index))
    }

    mutating func takeFirst() -> InMemoryMessage? { self.ready.popFirst() }

    /// Puts a message back where it was.
    mutating func putBack(_ message: InMemoryMessage) {
        let index = self.ready.firstIndex { $0.position > message.position } ?? self.ready.endIndex
        self.ready.insert(message, at: index)
    }
}

extension [DeclarationArgument] {
    /// The text of the argument with this name.
    func text(_ name: String) -> String? {
        for argument in self where argument.name == name {
            if case .text(let text) = argument.value { return text }
        }
        return nil
    }

    /// The flag of the argument with this name.
    func flag(_ name: String) -> Bool? {
        for argument in self where argument.name == name {
            if case .flag(let flag) = argument.value { return flag }
        }
        return nil
    }

    /// The number of the argument with this name.
    func number(_ name: String) -> Int64? {
        for argument in self where argument.name == name {
            if case .number(let number) = argument.value { return number }
        }
        return nil
    }
}
