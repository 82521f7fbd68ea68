import EventLoops

/// How many events a consumer takes ahead when they are large. The broker's prefetch counts events, and RabbitMQ knows
/// none that counts bytes (basic.qos, prefetch-size): 48 events of 16 MiB would be 768 MiB for one function.
///
/// When what is held exceeds the budget the prefetch shrinks to what the budget allows for events of this size, half of
/// it used, and what waits goes back; what runs by then is held besides. After a minute without excess it doubles: not
/// while more than the budget is held, as when the broker does not confirm what events become. A value without a clock.
struct ByteBound: Hashable {
    static let recovery = Duration.seconds(60)

    /// Events; nil when the manifest's own prefetch counts.
    private(set) var prefetch: Int?
    private var exceededAt: SteadyInstant?
    /// Bytes; the one that was exceeded.
    private var budget = Int.max

    /// - Parameters:
    ///   - bytes: that are held, of so many events.
    ///   - budget: bytes.
    /// - Returns: whether the prefetch has shrunk.
    mutating func holds(_ bytes: Int, of events: Int, budget: Int, at now: SteadyInstant) -> Bool {
        guard bytes > budget, events > 1 else { return false }
        let allowed = max(1, budget / 2 / max(1, bytes / events))
        self.exceededAt = now
        self.budget = budget
        guard allowed < self.prefetch ?? .max else { return false }
        self.prefetch = allowed
        return true
    }

    /// - Parameters:
    ///   - bytes: that are held.
    ///   - full: the manifest's prefetch.
    /// - Returns: whether the prefetch has grown.
    mutating func recover(holding bytes: Int, to full: Int, at now: SteadyInstant) -> Bool {
        if bytes > self.budget { self.exceededAt = now }
        guard let prefetch = self.prefetch, let exceededAt = self.exceededAt,
            exceededAt.duration(to: now) >= Self.recovery
        else { return false }
        self.exceededAt = now
        self.prefetch = prefetch * 2 < full ? prefetch * 2 : nil
        return true
    }
}

/// How many bytes of events may be held, waiting, running or being settled.
package struct ByteBudget: Sendable {
    package var perConsumer = 64 << 20
    package var perHost = 256 << 20

    package init() {}

    /// What one consumer may hold.
    ///
    /// - Parameter all: what each of the host's consumers holds. When they exceed the host's budget those that hold
    ///   much share it.
    func share(among all: some Collection<Int>) -> Int {
        guard all.reduce(0, +) > self.perHost else { return self.perConsumer }
        let large = all.count { $0 >= self.perHost / 256 }
        return min(self.perConsumer, self.perHost / max(1, large))
    }
}
