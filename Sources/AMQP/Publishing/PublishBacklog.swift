import DequeModule

/// A message that a return of the broker may mean.
protocol Returnable: Equatable {
    func fits(_ returned: ReturnedMessage) -> Bool
}

/// What a basic.return repeats of the message that no queue has taken.
struct ReturnedMessage: Equatable {
    let messageID: String?
    let exchange: String
    let routingKey: String
}

/// What one publishing connection still has to do: messages that wait to be sent, in their order, and messages that the
/// broker has not answered yet.
struct PublishBacklog<Item: Returnable>: Equatable {
    /// Messages sent ahead of their confirms.
    static var window: Int { 4096 }

    private var unsent = Deque<Item>()
    private var ledger = ConfirmLedger<Item>()
    /// Messages among which one has made the broker close the channel: they go out one at a time, so that the next
    /// close names its culprit.
    private var suspects = 0

    /// How many wait to be sent.
    var waiting: Int { self.unsent.count }
    /// How many are on their way.
    var unanswered: Int { self.ledger.unanswered }
    /// When the oldest unanswered message was sent.
    var oldest: Duration? { self.ledger.oldest }
    var isEmpty: Bool { self.unsent.isEmpty && self.ledger.unanswered == 0 }

    /// Takes out the message that may be sent now.
    mutating func takeNext() -> Item? {
        guard self.ledger.unanswered < (self.suspects > 0 ? 1 : Self.window) else { return nil }
        return self.unsent.popFirst()
    }

    mutating func append(_ item: Item) { self.unsent.append(item) }

    mutating func sent(_ item: Item, at now: Duration) { self.ledger.sent(item, at: now) }

    /// It could not be sent, and is the next one again.
    mutating func putBack(_ item: Item) { self.unsent.prepend(item) }

    // MARK: - Answers

    mutating func returned(_ message: ReturnedMessage) { self.ledger.returned { $0.fits(message) } }

    mutating func answered(_ number: UInt64, multiple: Bool, _ body: (ConfirmLedger<Item>.Sent) -> Void) {
        let before = self.ledger.unanswered
        self.ledger.answered(number, multiple: multiple, body)
        if self.suspects > 0 { self.suspects = max(0, self.suspects - (before - self.ledger.unanswered)) }
    }

    /// Unanswered messages that were sent before, in their order.
    func unanswered(sentBefore limit: Duration) -> [Item] { self.ledger.unanswered(sentBefore: limit) }

    // MARK: - Taking back

    /// The broker numbers messages from 1 again. Nothing is on its way by then; if something were, it would go again.
    mutating func channelIsNew() { self.sendAgain(self.ledger.reset()) }

    /// The numbers of the channel count no more.
    ///
    /// - Returns: what was never answered, in its order.
    mutating func takeUnanswered() -> [Item] { self.ledger.reset() }

    /// The one message that was on its way is the culprit, and goes nowhere any more.
    mutating func culpritIsFound() { self.suspects = max(0, self.suspects - 1) }

    /// - Parameter oneByOne: one of them has made the broker close the channel.
    mutating func sendAgain(_ items: [Item], oneByOne: Bool = false) {
        if oneByOne { self.suspects = max(self.suspects, items.count) }
        self.unsent.prepend(contentsOf: items)
    }

    /// Takes out what has not been sent and is meant.
    mutating func withdraw(where isMeant: (Item) -> Bool) -> [Item] {
        let meant = self.unsent.filter(isMeant)
        if !meant.isEmpty { self.unsent.removeAll(where: isMeant) }
        return Array(meant)
    }

    /// Takes out everything: what was never answered, and what waits.
    mutating func takeAll() -> [Item] {
        defer { self = PublishBacklog() }
        return self.ledger.reset() + self.unsent
    }
}
