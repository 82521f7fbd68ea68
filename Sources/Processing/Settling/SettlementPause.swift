/// Before what the broker has not taken is published again: half a second, and each time twice as long.
struct SettlementPause {
    static let first = Duration.milliseconds(500)
    static let longest = Duration.seconds(30)
    /// For an event that goes to an exchange and that the broker has not taken. Several queues may get it, and the
    /// broker says no as soon as one of them is full or without a leader: the others have it, and get it again each
    /// time.
    static let longestOfEvents = Duration.seconds(300)

    private var coming = SettlementPause.first

    /// - Parameter isEvent: other queues may have what one of them has not taken.
    mutating func next(isEvent: Bool) -> Duration {
        defer { self.coming = min(self.coming * 2, Self.longestOfEvents) }
        return min(self.coming, isEvent ? Self.longestOfEvents : Self.longest)
    }
}
