import Messaging

/// The deliveries that were acknowledged last, kept until newer ones take their places: when a subscription is
/// interrupted, the intake tells which acknowledgements it had not sent yet, and these are the events they were for.
struct RecentAcks {
    /// Larger bodies are not kept: they would hold much memory for the sake of a rare duplicate.
    private static let largestKept = 64 << 10

    private var ring: [(tag: DeliveryTag, delivery: Delivery)?] = []
    private var next = 0
    private let capacity: Int

    /// - Parameter capacity: no more acknowledgements than the prefetch can be unsent.
    init(capacity: Int) { self.capacity = max(1, capacity) }

    mutating func add(_ delivery: Delivery) {
        let entry = delivery.bytes.count <= Self.largestKept ? (delivery.tag, delivery) : nil
        if self.ring.count < self.capacity {
            self.ring.append(entry)
        } else {
            self.ring[self.next] = entry
            self.next = self.next + 1 == self.capacity ? 0 : self.next + 1
        }
    }

    /// Takes out those whose tags are named, and forgets the rest.
    mutating func take(_ tags: [DeliveryTag]) -> [Delivery] {
        defer {
            self.ring.removeAll()
            self.next = 0
        }
        guard !tags.isEmpty else { return [] }
        let wanted = Set(tags)
        return self.ring.compactMap { entry in
            entry.flatMap { wanted.contains($0.tag) ? $0.delivery : nil }
        }
    }
}
