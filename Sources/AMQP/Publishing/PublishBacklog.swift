import DequeModule

/// A message that can be matched with a basic.return.
protocol Returnable: Equatable {
    func fits(_ returned: ReturnedMessage) -> Bool
}

/// The parts of a message that a basic.return repeats.
struct ReturnedMessage: Equatable {
    let messageID: String?
    let exchange: String
    let routingKey: String
}

/// The unfinished messages of one publishing connection: those that wait to be sent, in their order, and those that the
/// broker has not answered yet.
struct PublishBacklog<Item: Returnable>: Equatable {
    /// The most messages sent without an answer.
    static var window: Int { 4096 }

    private var unsent = Deque<Item>()
    private var ledger = ConfirmLedger<Item>()
    /// The number of messages of which one has made the broker close the channel: they are sent one at a time, so that
    /// the next close names its culprit.
    private var suspects = 0

    /// The number of messages that wait to be sent.
    var waiting: Int { self.unsent.count }
    /// The number of messages that were sent and are not answered.
    var unanswered: Int { self.ledger.unanswered }
    /// When the oldest unanswered message was sent.
    var oldest: Duration? { self.ledger.oldest }
    var isEmpty: Bool { self.unsent.isEmpty && self.ledger.unanswered == 0 }

    /// Takes the message that may be sent now; `nil` when there is none.
    mutating func takeNext() -> Item? {
        guard self.ledger.unanswered < (self.suspects > 0 ? 1 : Self.window) else { return nil }
        return self.unsent.popFirst()
    }

    mutating func append(_ item: Item) { self.unsent.append(item) }

    mutating func sent(_ item: Item, at now: Duration) { self.ledger.sent(item, at: now) }

    /// Puts back a message that could not be sent; it is the next one again.
    mutating func putBack(_ item: Item) { self.unsent.prepend(item) }

    // MARK: - Answers

    mutating func returned(_ message: ReturnedMessage) { self.ledger.returned { $0.fits(message) } }

    mutating func answered(_ number: UInt64, multiple: Bool, _ body: (ConfirmLedger<Item>.Sent) -> Void) {
        let before = self.ledger.unanswered
        self.ledger.answered(number, multiple: multiple, body)
        if self.suspects > 0 { self.suspects = max(0, self.suspects - (before - self.ledger.unanswered)) }
    }

    /// Unanswered messages that were sent before the limit, in their order.
    func unanswered(sentBefore limit: Duration) -> [Item] { self.ledger.unanswered(sentBefore: limit) }

    // MARK: - Taking back

    /// The broker numbers messages from 1 again. No message should be unanswered by then; any that is would be sent
    /// again.
    mutating func channelIsNew() { self.sendAgain(self.ledger.reset()) }

    /// Takes the messages that were never answered, in their order. The numbers of the old channel are void.
    mutating func takeUnanswered() -> [Item] { self.ledger.reset() }

    /// The only message on its way was the culprit, and is not sent again.
    mutating func culpritFound() { self.suspects = max(0, self.suspects - 1) }

    /// Puts messages back at the front, to be sent again.
    ///
    /// - Parameter oneByOne: whether one of them has made the broker close the channel.
    mutating func sendAgain(_ items: [Item], oneByOne: Bool = false) {
        if oneByOne { self.suspects = max(self.suspects, items.count) }
        self.unsent.prepend(contentsOf: items)
    }

    /// Takes the unsent messages that the condition selects.
    mutating func withdraw(where isIncluded: (Item) -> Bool) -> [Item] {
        let meant = self.unsent.filter(isIncluded)
        if !meant.isEmpty { self.unsent.removeAll(where: isIncluded) }
        return Array(meant)
    }

    /// Takes everything: the unanswered messages, then those that wait.
    mutating func takeAll() -> [Item] {
        defer { self = PublishBacklog() }
        return self.ledger.reset() + self.unsent
    }
}
