import DequeModule
import EventLoops
import Messaging

/// The deliveries that were acknowledged last, kept until newer ones take their places. Acknowledgements are collected,
/// written and taken by the broker one after the other, so when the connection is lost any of them may not have
/// arrived, but never more than the prefetch: the broker delivers no more than that ahead of them. Nor one that is
/// older than a minute: a connection that takes nothing for so long has been lost to its heartbeats long before.
///
/// They hold a megabyte at most. What does not fit is run twice in the worst case, never lost.
struct RecentAcks: Hashable {
    private static let mostBytes = 1 << 20

    /// How long an acknowledgement may be on its way.
    static let longestWay = Duration.seconds(60)

    private struct Ack: Hashable {
        let delivery: Delivery
        let at: SteadyInstant
    }

    private var acks = Deque<Ack>()
    private var bytes = 0
    /// The prefetch. A smaller one keeps the newest.
    var capacity: Int {
        didSet { self.trim() }
    }

    init(capacity: Int) { self.capacity = capacity }

    mutating func add(_ delivery: Delivery, at now: SteadyInstant) {
        self.acks.append(Ack(delivery: delivery, at: now))
        self.bytes += delivery.bytes.count
        self.trim()
    }

    private mutating func trim() {
        while self.acks.count > max(1, self.capacity) || self.bytes > Self.mostBytes,
            let oldest = self.acks.popFirst()
        {
            self.bytes -= oldest.delivery.bytes.count
        }
    }

    /// Those that may still have been on their way.
    mutating func takeAll(at now: SteadyInstant) -> [Delivery] {
        defer {
            self.acks.removeAll()
            self.bytes = 0
        }
        return self.acks.compactMap { $0.at.duration(to: now) <= Self.longestWay ? $0.delivery : nil }
    }
}
