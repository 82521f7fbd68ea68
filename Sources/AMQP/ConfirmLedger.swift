/// Which published messages of one channel the broker has not answered yet.
///
/// The broker numbers publishes from 1 after confirm.select and answers with basic.ack or basic.nack, out of order and
/// several at once. A message that no queue takes is returned first and acknowledged afterwards; a return names no
/// number, so it is matched by message id, exchange and routing key. Pure: it only counts.
/// Source: https://www.rabbitmq.com/docs/confirms
struct ConfirmLedger<Item> {
    struct Sent {
        let item: Item
        let messageID: String?
        let exchange: String
        let routingKey: String
        fileprivate(set) var isReturned = false
    }

    /// The entry of number `base + i` is at `head + i`; nil once answered.
    private var entries: [Sent?] = []
    private var head = 0
    private var base: UInt64 = 1
    private(set) var unanswered = 0
    /// From the oldest unanswered message to the newest, the answered ones between them included: what the ledger has
    /// to remember.
    var span: Int { self.entries.count - self.head }

    mutating func sent(_ item: Item, messageID: String?, exchange: String, routingKey: String) {
        self.entries.append(Sent(item: item, messageID: messageID, exchange: exchange, routingKey: routingKey))
        self.unanswered += 1
    }

    /// Marks the oldest unanswered message that fits as returned; equal messages are returned in their order.
    mutating func returned(messageID: String?, exchange: String, routingKey: String) {
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
        guard last >= self.base, last < newest else { return [] }
        let first = multiple ? self.base : last
        var answered: [Sent] = []
        for number in first...last {
            let index = self.head + Int(number - self.base)
            guard let entry = self.entries[index] else { continue }
            answered.append(entry)
            self.entries[index] = nil
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
        let items = self.entries[self.head...].compactMap { $0?.item }
        self = ConfirmLedger()
        return items
    }
}
