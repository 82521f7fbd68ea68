import Messaging

/// The deliveries that were acknowledged last, kept until newer ones take their places. Acknowledgements are collected,
/// written and taken by the broker one after the other, so when the connection is lost any of them may not have arrived,
/// but never more than the prefetch: the broker delivers no more than that ahead of them.
struct RecentAcks {
    /// Larger ones are not kept: they would hold much memory for the sake of a rare duplicate.
    private static let largestKept = 64 << 10

    private var ring: [Delivery?] = []
    private var next = 0
    /// The prefetch. A smaller one keeps the newest.
    var capacity: Int {
        didSet {
            self.capacity = max(1, self.capacity)
            self.ring = Array((self.ring[self.next...] + self.ring[..<self.next]).suffix(self.capacity))
            self.next = 0
        }
    }

    init(capacity: Int) { self.capacity = max(1, capacity) }

    mutating func add(_ delivery: Delivery) {
        let entry = delivery.bytes.count <= Self.largestKept ? delivery : nil
        if self.ring.count < self.capacity {
            self.ring.append(entry)
        } else {
            self.ring[self.next] = entry
            self.next = self.next + 1 == self.capacity ? 0 : self.next + 1
        }
    }

    /// Takes out all of them that have an id of their own. Equal messages without one cannot be told apart: one that was
    /// acknowledged must not stand for another that still waits.
    mutating func takeAll() -> [Delivery] {
        defer {
            self.ring.removeAll()
            self.next = 0
        }
        return self.ring.compactMap { $0 }.filter { EventAttributes($0).id.count > 0 }
    }
}
