import DequeModule

/// The destination of a message: the unit in which the broker's trouble with messages is tracked.
struct PublishTarget: Hashable, Sendable {
    let exchange: String
    /// `nil` means every routing key of the exchange.
    let routingKey: String?
}

/// Holds the targets whose messages the broker refuses or does not confirm in time, and the messages for them. These
/// are sent on a connection of their own, a few at a time, so that messages for other targets are not held up: RabbitMQ
/// stops reading from a connection that has 32 messages unanswered by one quorum queue (rabbit_fifo_client of 3.10),
/// and a refusal closes the channel with everything that is on its way.
///
/// A target that answers again, and has no unanswered message left, is released. A value: it decides what to send.
struct Quarantine<Item> {
    /// The most suspect messages on their way: less than half of what makes the broker stop reading.
    static var window: Int { 16 }
    /// The most messages on their way to one target; more for a whole exchange, because some of its queues may be well.
    static func share(of target: PublishTarget) -> Int { target.routingKey == nil ? 8 : 1 }
    /// This many suspect routing keys make their whole exchange one suspect: otherwise further keys would be found out
    /// one by one.
    static var keysOfOneExchange: Int { 8 }

    private struct Suspect {
        var waiting = Deque<Item>()
        /// Sent on the connection for suspects, oldest first.
        var underWay: [Item] = []
    }

    private var suspects: [PublishTarget: Suspect] = [:]
    /// The suspects in the order of their turns.
    private var turns = Deque<PublishTarget>()
    private(set) var underWay = 0

    var isEmpty: Bool { self.suspects.isEmpty }
    var targets: [PublishTarget] { Array(self.turns) }

    /// The suspect that a message for this target belongs to.
    func suspect(for target: PublishTarget) -> PublishTarget? {
        if self.suspects[target] != nil { return target }
        let whole = PublishTarget(exchange: target.exchange, routingKey: nil)
        return self.suspects[whole] == nil ? nil : whole
    }

    mutating func add(_ target: PublishTarget) {
        guard self.suspect(for: target) == nil else { return }
        self.suspects[target] = Suspect()
        self.turns.append(target)
        let others = self.turns.filter { $0.exchange == target.exchange }
        guard target.routingKey != nil, others.count >= Self.keysOfOneExchange else { return }
        var whole = Suspect()
        for other in others {
            guard let suspect = self.suspects.removeValue(forKey: other) else { continue }
            whole.waiting += suspect.waiting
            whole.underWay += suspect.underWay
        }
        self.turns.removeAll { $0.exchange == target.exchange }
        let exchange = PublishTarget(exchange: target.exchange, routingKey: nil)
        self.suspects[exchange] = whole
        self.turns.append(exchange)
    }

    /// - Parameter suspect: what `suspect(for:)` has returned.
    mutating func hold(_ item: Item, of suspect: PublishTarget) { self.suspects[suspect]?.waiting.append(item) }

    /// Takes the messages to send now, in fair turns.
    mutating func next() -> [Item] {
        var items: [Item] = []
        var turnsWithoutItem = 0
        while self.underWay < Self.window, turnsWithoutItem < self.turns.count, let target = self.turns.popFirst() {
            self.turns.append(target)
            turnsWithoutItem += 1
            guard let suspect = self.suspects[target], suspect.underWay.count < Self.share(of: target),
                let item = self.suspects[target]?.waiting.popFirst()
            else { continue }
            self.suspects[target]?.underWay.append(item)
            self.underWay += 1
            items.append(item)
            turnsWithoutItem = 0
        }
        return items
    }

    /// The broker has answered a message, on whichever connection it was sent.
    ///
    /// - Parameters:
    ///   - isIncluded: whether an item of the target is that message.
    ///   - isGood: whether the message was taken, or no queue wants it: the target causes no trouble.
    /// - Returns: the messages that need not be held any more.
    mutating func answered(
        _ target: PublishTarget,
        isGood: Bool,
        where isIncluded: (Item) -> Bool
    ) -> [Item] {
        guard let target = self.suspect(for: target) else { return [] }
        if let index = self.suspects[target]?.underWay.firstIndex(where: isIncluded) {
            self.suspects[target]?.underWay.remove(at: index)
            self.underWay -= 1
        }
        guard isGood, self.suspects[target]?.underWay.isEmpty == true else { return [] }
        self.turns.removeAll { $0 == target }
        return self.suspects.removeValue(forKey: target).map { Array($0.waiting) } ?? []
    }

    /// Whether this target may hold up other messages: those of another suspect, or its own with another routing key.
    ///
    /// - Parameter isOther: whether an item has another routing key.
    func hasOthers(than target: PublishTarget, where isOther: (Item) -> Bool) -> Bool {
        let own = self.suspect(for: target)
        return self.suspects.contains { key, suspect in
            guard key == own else { return !(suspect.waiting.isEmpty && suspect.underWay.isEmpty) }
            return key.routingKey == nil
                && (suspect.underWay.contains(where: isOther) || suspect.waiting.contains(where: isOther))
        }
    }

    /// The number of changes of order until each suspect has been the last once; a whole exchange changes its order
    /// item by item.
    var round: Int {
        self.suspects.reduce(0) { sum, entry in
            let (target, suspect) = entry
            return sum + (target.routingKey == nil ? suspect.waiting.count + suspect.underWay.count : 1)
        }
    }

    /// Takes back all messages that are on their way, so that the turns of others come first.
    ///
    /// - Parameters:
    ///   - target: the target whose turn comes last.
    ///   - isIncluded: whether an item is the one that goes behind all others of the target.
    mutating func rotate(last target: PublishTarget, where isIncluded: (Item) -> Bool) {
        let last = self.suspect(for: target)
        for target in Array(self.turns) {
            guard let suspect = self.suspects[target], !suspect.underWay.isEmpty else { continue }
            self.suspects[target]?.waiting.prepend(contentsOf: suspect.underWay)
            self.suspects[target]?.underWay = []
            self.turns.removeAll { $0 == target }
            self.turns.append(target)
        }
        if let last {
            if let index = self.suspects[last]?.waiting.firstIndex(where: isIncluded),
                let item = self.suspects[last]?.waiting.remove(at: index)
            {
                self.suspects[last]?.waiting.append(item)
            }
            self.turns.removeAll { $0 == last }
            self.turns.append(last)
        }
        self.underWay = 0
    }

    /// Forgets everything.
    ///
    /// - Returns: the messages that were on their way, and those that waited.
    mutating func removeAll() -> [Item] {
        defer { self = Quarantine() }
        return self.suspects.values.flatMap { $0.underWay + Array($0.waiting) }
    }
}
