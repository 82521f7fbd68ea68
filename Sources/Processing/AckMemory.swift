import DequeModule

/// Events that are settled, but whose acknowledgement may not have reached the broker: delivered again, they are
/// acknowledged without being run again. Bounded in number and in time; what is forgotten is run twice, never lost.
///
/// A value without a clock: the caller tells the time.
struct AckMemory {
    static let capacity = 4096
    /// A broker that is back delivers again at once. What has not come for so long went to another host.
    static let lifetime = Duration.seconds(900)

    private var expiries: [EventKey: ContinuousClock.Instant] = [:]
    /// In the order in which they were remembered; some have been taken out of the table since.
    private var order = Deque<EventKey>()

    var isEmpty: Bool { self.expiries.isEmpty }
    var count: Int { self.expiries.count }

    mutating func remember(_ key: EventKey, now: ContinuousClock.Instant) {
        if self.expiries.updateValue(now + Self.lifetime, forKey: key) == nil { self.order.append(key) }
        while self.order.count > Self.capacity, let oldest = self.order.popFirst() { self.expiries[oldest] = nil }
    }

    /// Whether the event was settled. It is forgotten: a later delivery is another one.
    mutating func take(_ key: EventKey, now: ContinuousClock.Instant) -> Bool {
        guard let expiry = self.expiries.removeValue(forKey: key) else { return false }
        if self.expiries.isEmpty { self.order.removeAll() }
        return now < expiry
    }
}
