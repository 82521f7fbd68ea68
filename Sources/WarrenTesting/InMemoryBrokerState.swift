internal import Messaging

/// RabbitMQ's rules, as far as Warren's topology uses them, as one value: no clock, no lock, no thread.
///
/// Every method applies one request and changes the state. The resulting notices to consumers collect in `events`.
struct InMemoryBrokerState {
    private(set) var exchanges = InMemoryExchanges()
    var queues: [String: InMemoryQueue] = [:]
    var consumers: [InMemoryConsumer.ID: InMemoryConsumer] = [:]
    /// Queues whose state the broker cannot read: it reports them as empty and unused.
    var silentQueues: Set<String> = []
    private(set) var now: Duration
    private var nextPosition: UInt64 = 1
    /// The notices to consumers, in order, since they were last taken.
    var events: [(consumer: InMemoryConsumer.ID, event: InMemoryConsumer.Event)] = []

    init(now: Duration) { self.now = now }

    // MARK: - Topology

    mutating func declare(_ declaration: Declaration) throws(BrokerError) {
        switch declaration {
        case .exchange(let exchange):
            try self.exchanges.declare(exchange)
        case .queue(let queue):
            try self.declare(queue)
        case .binding(let binding):
            if case .queue(let name) = binding.destination, self.queues[name] == nil { throw Self.missing(name) }
            try self.exchanges.bind(binding)
        }
        self.retryHeld()
    }

    mutating func remove(_ removal: Removal) throws(BrokerError) {
        switch removal {
        case .binding(let binding): try self.exchanges.unbind(binding)
        case .queue(let queue): self.delete(queue: queue)
        }
    }

    private mutating func declare(_ declaration: QueueDeclaration) throws(BrokerError) {
        let name = declaration.name
        if let existing = self.queues[name]?.declaration {
            guard Set(existing.arguments) == Set(declaration.arguments) else {
                throw BrokerError(
                    .mismatch,
                    "queue '\(name)' exists with other arguments; delete it or choose another name"
                )
            }
            return
        }
        guard !name.isEmpty, !name.hasPrefix("amq.") else {
            throw BrokerError(.accessRefused, "queue name '\(name)' is the broker's own; choose another name")
        }
        self.queues[name] = InMemoryQueue(declaration)
        self.activateWaiting(for: name)
    }

    static func missing(_ queue: String) -> BrokerError {
        BrokerError(.notFound, "there is no queue '\(queue)'; it must be declared first")
    }

    /// Deletes a queue with its messages and bindings, and notifies its consumers.
    mutating func delete(queue name: String) {
        guard let queue = self.queues.removeValue(forKey: name) else { return }
        self.exchanges.unbind(queue: name)
        for consumer in queue.consumers { self.interrupt(consumer) }
        for (id, consumer) in self.consumers where consumer.queue == name {
            _ = self.consumers[id]?.takeUnsettled()
        }
    }

    func inspect(queue: String) -> QueueInspection? {
        self.queues[queue].map { state in
            guard !self.silentQueues.contains(queue) else { return QueueInspection(readyMessages: 0, consumers: 0) }
            return QueueInspection(readyMessages: state.ready.count, consumers: self.countedConsumers(of: queue))
        }
    }

    func inspectForCertain(queue: String) throws(BrokerError) -> QueueInspection? {
        guard self.queues[queue] == nil || !self.silentQueues.contains(queue) else {
            throw BrokerError(.unreachable, "queue '\(queue)' does not answer")
        }
        return self.inspect(queue: queue)
    }

    // MARK: - Publishing

    /// A content header must fit one frame (AMQP 0-9-1, section 2.3.5.2) of 128 KiB, RabbitMQ's default, with 8 bytes
    /// of frame and 14 of class, weight, size and flags around the properties.
    private static let roomForProperties = 131_072 - 8 - 14

    mutating func publish(_ outgoing: OutgoingMessage) -> PublishResult {
        guard outgoing.properties.encoded(headers: outgoing.headers).count <= Self.roomForProperties,
            outgoing.routingKey.utf8.count <= 255, outgoing.exchange.utf8.count <= 255
        else { return .headersTooLarge }
        guard self.exchanges.contains(outgoing.exchange) else {
            return .refused(InMemoryExchanges.missing(outgoing.exchange))
        }
        let targets = self.targets(for: outgoing.routingKey, from: outgoing.exchange)
        guard !targets.isEmpty else { return .unroutable }
        let message = InMemoryMessage(outgoing)
        var isStored = true
        for target in targets {
            if self.hasRoom(in: target) { self.enqueue(message, in: target) } else { isStored = false }
        }
        return isStored ? .confirmed : .nacked
    }

    private func targets(for key: String, from exchange: String) -> [String] {
        self.exchanges.queues(for: key, from: exchange).filter { self.queues[$0] != nil }
    }

    private func hasRoom(in name: String) -> Bool {
        self.queues[name]?.hasRoom ?? false
    }

    private mutating func enqueue(_ message: InMemoryMessage, in name: String) {
        var message = message
        message.position = self.nextPosition
        message.expiry = self.queues[name]?.expiry(of: message, now: self.now)
        self.nextPosition += 1
        self.queues[name]?.append(message)
        self.dispatch(name)
        if self.queues[name]?.isOverfull == true, let oldest = self.queues[name]?.takeFirst() {
            self.deadLetter(oldest, .tooMany, from: name)
        }
    }

    // MARK: - Dead letters

    /// Midnight UTC of 1 January 2026, where the manual clock begins, in seconds since 1970.
    private static let epoch: UInt64 = 1_767_225_600

    mutating func deadLetter(_ message: InMemoryMessage, _ death: InMemoryMessage.Death, from name: String) {
        guard let queue = self.queues[name], let exchange = queue.deadLetterExchange else { return }
        let letter = message.dead(
            death,
            in: name,
            at: Self.epoch + UInt64(max(0, self.now.components.seconds)),
            to: exchange,
            key: queue.deadLetterRoutingKey
        )
        if !self.forward(letter), queue.deadLettersAtLeastOnce { self.queues[name]?.held.append(letter) }
    }

    /// Routes a dead letter to the queues of its exchange. Returns false if there are none, or one of them is full.
    private mutating func forward(_ letter: InMemoryMessage) -> Bool {
        let targets = self.targets(for: letter.routingKey, from: letter.exchange)
            .filter { !letter.hasCycled(to: $0) }
        guard !targets.isEmpty, targets.allSatisfy({ self.hasRoom(in: $0) }) else { return false }
        for target in targets { self.enqueue(letter, in: target) }
        return true
    }

    /// RabbitMQ retries messages that it could not route every few minutes. This broker retries whenever it may help.
    private mutating func retryHeld() {
        for (name, queue) in self.queues where !queue.held.isEmpty {
            self.queues[name]?.held = []
            let remaining = queue.held.filter { !self.forward($0) }
            self.queues[name]?.held.insert(contentsOf: remaining, at: 0)
        }
    }

    // MARK: - Time

    /// When the next message expires. Only the first message of a queue can expire: the others wait behind it, as in
    /// RabbitMQ.
    var nextExpiry: (time: Duration, queue: String)? {
        self.queues.values.compactMap { queue in
            queue.ready.first?.expiry.map { (time: $0, queue: queue.declaration.name) }
        }
        .min { ($0.time, $0.queue) < ($1.time, $1.queue) }
    }

    /// Advances the time. Messages expire in the order of their times, each at its own, so that a chain of delay queues
    /// takes exactly as long as it should.
    mutating func advance(to time: Duration) {
        while let next = self.nextExpiry, next.time <= time {
            self.now = max(self.now, next.time)
            guard let message = self.queues[next.queue]?.takeFirst() else { break }
            self.deadLetter(message, .expired, from: next.queue)
        }
        self.now = max(self.now, time)
        self.retryHeld()
    }
}
