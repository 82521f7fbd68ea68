internal import DequeModule
internal import Messaging

/// One queue of an in-memory broker: what waits in it, and who consumes it. Pure.
struct InMemoryQueue {
    let declaration: QueueDeclaration
    /// Messages to hand out, by their position.
    private(set) var ready = Deque<InMemoryMessage>()
    /// Dead letters that at-least-once dead-lettering could not route: they stay until they can be.
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
    /// Only the first of its consumers gets deliveries, until it goes (https://www.rabbitmq.com/docs/consumers, single
    /// active consumer).
    var hasSingleActiveConsumer: Bool { self.arguments.flag("x-single-active-consumer") ?? false }
    private var maximumLength: Int { self.arguments.number("x-max-length").map(Int.init) ?? .max }
    private var refusesWhenFull: Bool { self.arguments.text("x-overflow") == "reject-publish" }

    /// Whether it takes another message; a full queue that does not refuse drops its oldest instead.
    var hasRoom: Bool { !self.refusesWhenFull || self.ready.count < self.maximumLength }
    /// Whether its oldest message has to go.
    var isOverfull: Bool { !self.refusesWhenFull && self.ready.count > self.maximumLength }

    /// Holds only together with `reject-publish`; else RabbitMQ falls back to at most once
    /// (https://www.rabbitmq.com/docs/quorum-queues, at-least-once dead lettering).
    var deadLettersAtLeastOnce: Bool {
        self.arguments.text("x-dead-letter-strategy") == "at-least-once" && self.refusesWhenFull
    }

    // MARK: - Messages

    /// When the message dies in this queue if it comes in now: of the queue's limit or of its own, whichever is first.
    func expiry(of message: InMemoryMessage, now: Duration) -> Duration? {
        let own = message.properties.expiration.flatMap { Int64($0) }.map(Duration.milliseconds)
        guard let shortest = [own, self.timeToLive].compactMap({ $0 }).min() else { return nil }
        return now + shortest
    }

    mutating func append(_ message: InMemoryMessage) { self.ready.append(message) }

    /// How many consumers an inspection tells of.
    var countedConsumers: Int { self.hasSingleActiveConsumer ? min(1, self.consumers.count) : self.consumers.count }

    /// The consumer that gets the next message; nil when none of those that may have it has room for it.
    func taker(_ hasRoom: (InMemoryConsumer.ID) -> Bool) -> InMemoryConsumer.ID? {
        guard self.hasSingleActiveConsumer else { return self.consumers.first(where: hasRoom) }
        return self.consumers.first.flatMap { hasRoom($0) ? $0 : nil }
    }

    /// The consumer has got a message: the others come before it now.
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
