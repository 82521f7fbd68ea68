import DequeModule
import EventLoops

/// Events that are settled, but whose acknowledgement may not have reached the broker: delivered again, they are
/// acknowledged without being run again. Bounded in number and in time; what is forgotten is run twice, never lost.
///
/// A value without a clock: the caller tells the time.
struct AckMemory: Hashable {
    static let capacity = 4096
    /// How long the broker may be away.
    static let longestAbsence = Duration.seconds(900)
    /// A broker that delivers again does so at once, as soon as it has noticed the loss of the old connection, which
    /// takes two heartbeats at most (20 s). What has not come by then went to another host.
    static let lifetime = Duration.seconds(60)

    private var expiries: [EventKey: SteadyInstant] = [:]
    /// In the order in which they were remembered; some have been taken out of the table since.
    private var order = Deque<EventKey>()
    private var isDelivering = true

    var isEmpty: Bool { self.expiries.isEmpty }
    var count: Int { self.expiries.count }

    mutating func remember(_ key: EventKey, now: SteadyInstant) {
        let expiry = now + (self.isDelivering ? Self.lifetime : Self.longestAbsence)
        if self.expiries.updateValue(expiry, forKey: key) == nil { self.order.append(key) }
        while self.order.count > Self.capacity, let oldest = self.order.popFirst() { self.expiries[oldest] = nil }
    }

    /// The broker delivers nothing until it is back: the time of what is remembered stands still.
    mutating func interrupted(now: SteadyInstant) {
        guard self.isDelivering else { return }
        self.isDelivering = false
        for (key, expiry) in self.expiries {
            self.expiries[key] = expiry < now ? nil : now + Self.longestAbsence
        }
        self.dropOrderIfEmpty()
    }

    /// From now on what is remembered has its lifetime, and no more.
    mutating func delivering(since now: SteadyInstant) {
        self.isDelivering = true
        let latest = now + Self.lifetime
        for (key, expiry) in self.expiries where expiry > latest || expiry < now {
            self.expiries[key] = expiry < now ? nil : latest
        }
        self.dropOrderIfEmpty()
    }

    /// Whether the event was settled. It is forgotten: a later delivery is another one.
    mutating func take(_ key: EventKey, now: SteadyInstant) -> Bool {
        guard let expiry = self.expiries.removeValue(forKey: key) else { return false }
        self.dropOrderIfEmpty()
        return now < expiry
    }

    /// Another event that is equal in all it says was published since.
    mutating func forget(_ key: EventKey) {
        self.expiries[key] = nil
        self.dropOrderIfEmpty()
    }

    private mutating func dropOrderIfEmpty() { if self.expiries.isEmpty { self.order.removeAll() } }
}
