/// Which published messages of one channel the broker has not answered yet.
///
/// The broker numbers publishes from 1 after confirm.select and answers with basic.ack or basic.nack, out of order and
/// several at once. A message that no queue takes is returned first and acknowledged afterwards; a return names no
/// number, so it is matched by message id, exchange and routing key. Pure: it only counts.
///
/// Messages that stay unanswered while later ones are answered are set aside, so that one that is never answered costs
/// the memory of one.
/// Source: https://www.rabbitmq.com/docs/confirms
struct ConfirmLedger<Item> {
    struct Sent {
        let item: Item
        let messageID: String?
        let exchange: String
        let routingKey: String
        let sentAt: ContinuousClock.Instant
        fileprivate(set) var isReturned = false
    }

    /// The entry of number `base + i` is at `head + i`; nil once answered.
    private var entries: [Sent?] = []
    private var head = 0
    private var base: UInt64 = 1
    /// Numbers below `base` that are unanswered.
    private var stragglers: [UInt64: Sent] = [:]
    private(set) var unanswered = 0
    /// Entries that are kept in a row, the answered ones among them included.
    private let longestSpan: Int
    private var span: Int { self.entries.count - self.head }

    init(longestSpan: Int = 16_384) { self.longestSpan = longestSpan }

    /// When the oldest unanswered message was sent.
    var oldest: ContinuousClock.Instant? {
        self.stragglers.values.map(\.sentAt).min() ?? (self.span > 0 ? self.entries[self.head]?.sentAt : nil)
    }

    mutating func sent(
        _ item: Item,
        messageID: String?,
        exchange: String,
        routingKey: String,
        at now: ContinuousClock.Instant
    ) {
        self.entries.append(
            Sent(item: item, messageID: messageID, exchange: exchange, routingKey: routingKey, sentAt: now)
        )
        self.unanswered += 1
        if self.span > self.longestSpan { self.setAside() }
    }

    /// The oldest entry, which is unanswered, makes room for those behind it.
    private mutating func setAside() {
        self.stragglers[self.base] = self.entries[self.head]
        self.entries[self.head] = nil
        self.dropAnswered()
    }

    /// Unanswered ones that were sent before.
    func unanswered(sentBefore limit: ContinuousClock.Instant) -> [Sent] {
        self.stragglers.sorted { $0.key < $1.key }.map(\.value).filter { $0.sentAt < limit }
            + self.entries[self.head...].lazy.compactMap { $0 }.prefix { $0.sentAt < limit }
    }

    /// Marks the oldest unanswered message that fits as returned; equal messages are returned in their order.
    mutating func returned(messageID: String?, exchange: String, routingKey: String) {
        let straggler = self.stragglers.filter { _, entry in
            !entry.isReturned && entry.messageID == messageID && entry.exchange == exchange
                && entry.routingKey == routingKey
        }.keys.min()
        if let straggler {
            self.stragglers[straggler]?.isReturned = true
            return
        }
        let index = self.entries.indices.dropFirst(self.head).first { index in
            guard let entry = self.entries[index], !entry.isReturned else { return false }
            return entry.messageID == messageID && entry.exchange == exchange && entry.routingKey == routingKey
        }
        if let index { self.entries[index]?.isReturned = true }
    }

    /// The messages that an acknowledgement (positive or negative) answers, in their order.
    mutating func answered(_ number: UInt64, multiple: Bool) -> [Sent] {
        // Number 0 with `multiple` means everything so far (AMQP 0-9-1, basic.ack).
        let newest = self.base + UInt64(self.entries.count - self.head)
        let last = number == 0 && multiple ? newest - 1 : number
        guard last < newest else { return [] }
        var answered: [Sent] = []
        if !self.stragglers.isEmpty {
            for number in self.stragglers.keys.sorted() where multiple ? number <= last : number == last {
                if let entry = self.stragglers.removeValue(forKey: number) { answered.append(entry) }
            }
        }
        if last >= self.base {
            for number in (multiple ? self.base : last)...last {
                let index = self.head + Int(number - self.base)
                guard let entry = self.entries[index] else { continue }
                answered.append(entry)
                self.entries[index] = nil
            }
        }
        self.unanswered -= answered.count
        self.dropAnswered()
        return answered
    }

    private mutating func dropAnswered() {
        while self.head < self.entries.count, self.entries[self.head] == nil {
            self.head += 1
            self.base += 1
        }
        if self.head == self.entries.count {
            self.entries.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.head > 4096, self.head * 2 > self.entries.count {
            self.entries.removeFirst(self.head)
            self.head = 0
        }
    }

    /// Forgets everything for a new channel, and returns what was never answered, in its order.
    mutating func reset() -> [Item] {
        let items =
            self.stragglers.sorted { $0.key < $1.key }.map(\.value.item)
            + self.entries[self.head...].compactMap { $0?.item }
        self = ConfirmLedger(longestSpan: self.longestSpan)
        return items
    }
}
