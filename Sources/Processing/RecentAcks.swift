import DequeModule
import Messaging

/// The deliveries that were acknowledged last, kept until newer ones take their places. Acknowledgements are collected,
/// written and taken by the broker one after the other, so when the connection is lost any of them may not have arrived,
/// but never more than the prefetch: the broker delivers no more than that ahead of them.
///
/// They hold a megabyte at most. What does not fit is run twice in the worst case, never lost.
struct RecentAcks {
    private static let mostBytes = 1 << 20

    private var deliveries = Deque<Delivery>()
    private var bytes = 0
    /// The prefetch. A smaller one keeps the newest.
    var capacity: Int {
        didSet { self.trim() }
    }

    init(capacity: Int) { self.capacity = capacity }

    mutating func add(_ delivery: Delivery) {
        self.deliveries.append(delivery)
        self.bytes += delivery.bytes.count
        self.trim()
    }

    private mutating func trim() {
        while self.deliveries.count > max(1, self.capacity) || self.bytes > Self.mostBytes,
            let oldest = self.deliveries.popFirst()
        {
            self.bytes -= oldest.bytes.count
        }
    }

    mutating func takeAll() -> [Delivery] {
        defer {
            self.deliveries.removeAll()
            self.bytes = 0
        }
        return Array(self.deliveries)
    }
}
