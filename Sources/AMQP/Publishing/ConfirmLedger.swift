import DequeModule

/// Which published messages of one channel the broker has not answered yet.
///
/// The broker numbers publishes from 1 after confirm.select and answers with basic.ack or basic.nack, out of order and
/// several at once. A message that no queue takes is returned first and acknowledged afterwards; a return names no
/// number, so it is matched by what it repeats of the message. Pure: it only counts.
///
/// Messages that stay unanswered while later ones are answered are set aside, so that one that is never answered costs
/// the memory of one.
/// Source: https://www.rabbitmq.com/docs/confirms
struct ConfirmLedger<Item> {
    struct Sent {
        let item: Item
        /// Since the moment that all times of the ledger are counted from. No instant of a clock: its layout is known
        /// only at run time, so that each access to an entry would be a call.
        let sentAt: Duration
        fileprivate(set) var isReturned = false
    }

    /// The entry of number `base + i` is at `i`; nil once answered. The first one is never nil.
    private var entries = Deque<Sent?>()
    private var base: UInt64 = 1
    /// Numbers below `base` that are unanswered.
    private var stragglers: [UInt64: Sent] = [:]
    private(set) var unanswered = 0
    /// Entries that are kept in a row, the answered ones among them included.
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

    /// The oldest entry, which is unanswered, makes room for those behind it.
    private mutating func setAside() {
        self.stragglers[self.base] = self.entries.removeFirst()
        self.base += 1
        self.dropAnswered()
    }

    /// Unanswered ones that were sent before, in their order.
    func unanswered(sentBefore limit: Duration) -> [Item] {
        (self.stragglers.sorted { $0.key < $1.key }.map(\.value).filter { $0.sentAt < limit }
            + self.entries.lazy.compactMap { $0 }.prefix { $0.sentAt < limit })
            .map(\.item)
    }

    /// Marks the oldest unanswered message that fits as returned; equal messages are returned in their order.
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

    /// Names the messages that an acknowledgement (positive or negative) answers, in their order.
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

    /// Forgets everything for a new channel, and returns what was never answered, in its order.
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
