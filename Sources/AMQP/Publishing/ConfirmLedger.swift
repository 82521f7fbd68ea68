import DequeModule

/// Tracks which published messages of one channel the broker has not confirmed yet.
///
/// After confirm.select the broker numbers publishes from 1 and answers with basic.ack or basic.nack, out of order and
/// several at once. A message that no queue takes is returned first and acknowledged afterwards. A return carries no
/// number, so it is matched by the parts of the message that it repeats. A value without I/O.
///
/// Messages that stay unanswered while later ones are answered are set aside, so a message that is never answered costs
/// only its own memory.
///
/// Source: https://www.rabbitmq.com/docs/confirms
struct ConfirmLedger<Item> {
    struct Sent {
        let item: Item
        /// The time since the moment from which the ledger's owner counts. Not an instant of a clock: the layout of
        /// that type is known only at run time, so each access to an entry would be a call.
        let sentAt: Duration
        fileprivate(set) var isReturned = false
    }

    /// The entry of number `base + i` is at index `i`, and is `nil` once answered. The first entry is never `nil`.
    private var entries = Deque<Sent?>()
    private var base: UInt64 = 1
    /// Unanswered messages whose numbers are below `base`.
    private var stragglers: [UInt64: Sent] = [:]
    private(set) var unanswered = 0
    /// The most elements kept in `entries`, answered ones included.
    private let longestSpan: Int

    init(longestSpan: Int = 16_384) { self.longestSpan = longestSpan }

    /// When the oldest unanswered message was sent.
    var oldest: Duration? {
        self.stragglers.values.map(\.sentAt).min() ?? (self.entries.first ?? nil)?.sentAt
    }

    mutating func sent(_ item: Item, at now: Duration) {
        self.entries.append(Sent(item: item, sentAt: now))
        self.unanswered += 1
        if self.entries.count > self.longestSpan { self.setAside() }
    }

    /// Moves the oldest entry, which is unanswered, to `stragglers`, to make room for later ones.
    private mutating func setAside() {
        self.stragglers[self.base] = self.entries.removeFirst()
        self.base += 1
        self.dropAnswered()
    }

    /// Unanswered messages that were sent before the limit, in their order.
    func unanswered(sentBefore limit: Duration) -> [Item] {
        (self.stragglers.sorted { $0.key < $1.key }.map(\.value).filter { $0.sentAt < limit }
            + self.entries.lazy.compactMap { $0 }.prefix { $0.sentAt < limit })
            .map(\.item)
    }

    /// Marks the oldest unanswered message that fits as returned; the broker returns equal messages in their order.
    mutating func returned(where fits: (Item) -> Bool) {
        let straggler = self.stragglers.filter { !$0.value.isReturned && fits($0.value.item) }.keys.min()
        if let straggler {
            self.stragglers[straggler]?.isReturned = true
            return
        }
        let index = self.entries.firstIndex { entry in
            guard let entry, !entry.isReturned else { return false }
            return fits(entry.item)
        }
        if let index { self.entries[index]?.isReturned = true }
    }

    /// Calls the body with each message that an acknowledgement (positive or negative) answers, in their order.
    mutating func answered(_ number: UInt64, multiple: Bool, _ body: (Sent) -> Void) {
        // Number 0 with `multiple` means everything so far (AMQP 0-9-1, basic.ack).
        let newest = self.base + UInt64(self.entries.count)
        let last = number == 0 && multiple ? newest - 1 : number
        guard last < newest else { return }
        if !self.stragglers.isEmpty { self.answeredStragglers(last, multiple: multiple, body) }
        guard last >= self.base else { return }
        if multiple {
            while self.base <= last {
                self.base += 1
                guard let entry = self.entries.removeFirst() else { continue }
                self.unanswered -= 1
                body(entry)
            }
        } else {
            let index = Int(last - self.base)
            guard let entry = self.entries[index] else { return }
            self.entries[index] = nil
            self.unanswered -= 1
            body(entry)
        }
        self.dropAnswered()
    }

    private mutating func answeredStragglers(_ last: UInt64, multiple: Bool, _ body: (Sent) -> Void) {
        for number in self.stragglers.keys.sorted() where multiple ? number <= last : number == last {
            guard let entry = self.stragglers.removeValue(forKey: number) else { continue }
            self.unanswered -= 1
            body(entry)
        }
    }

    private mutating func dropAnswered() {
        while let first = self.entries.first, first == nil {
            self.entries.removeFirst()
            self.base += 1
        }
    }

    /// Forgets everything for a new channel, and returns the messages that were never answered, in their order.
    mutating func reset() -> [Item] {
        let items =
            self.stragglers.sorted { $0.key < $1.key }.map(\.value.item)
            + self.entries.compactMap { $0?.item }
        self = ConfirmLedger(longestSpan: self.longestSpan)
        return items
    }
}

extension ConfirmLedger: Equatable where Item: Equatable {}
extension ConfirmLedger.Sent: Equatable where Item: Equatable {}
