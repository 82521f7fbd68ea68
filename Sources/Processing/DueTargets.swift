/// Where due messages are being published to, so that a target that takes nothing holds up its own messages only.
///
/// A host holds few due messages at a time. Without bounds those for one queue without a leader would soon be all that it
/// holds, and nothing that is scheduled would leave any host of the namespace. So a target gets a share of the places,
/// its exchange a larger one, and while something for it is late, what else comes for it is put off without a try.
///
/// A value: the caller tells the time.
struct DueTargets {
    struct Target: Hashable {
        let exchange: String
        let routingKey: String
    }

    enum Answer: Equatable {
        case publish
        /// Its share is under way: one of them may be confirmed in a moment.
        case wait
        case putOff
    }

    /// On their way to one routing key, of the relay's 32 places.
    static let share = 8
    /// On their way to all routing keys of one exchange.
    static let shareOfExchange = 24
    /// A message that is not confirmed for so long is late.
    static let late = Duration.seconds(15)
    /// So many late routing keys make their whole exchange late: keys that name one order each are all different.
    static let lateKeys = 8

    private struct Entry {
        let target: Target
        let since: ContinuousClock.Instant
    }

    private var underWay: [Int: Entry] = [:]
    private var last = 0

    /// What is to be done with a message for this target.
    func ask(_ target: Target, at now: ContinuousClock.Instant) -> Answer {
        var (same, exchange) = (0, 0)
        var late: Set<Target> = []
        for entry in self.underWay.values where entry.target.exchange == target.exchange {
            exchange += 1
            if entry.target == target { same += 1 }
            if entry.since.duration(to: now) >= Self.late { late.insert(entry.target) }
        }
        if late.contains(target) || late.count >= Self.lateKeys { return .putOff }
        return same >= Self.share || exchange >= Self.shareOfExchange ? .wait : .publish
    }

    /// - Returns: the number by which its end is told.
    mutating func begin(_ target: Target, at now: ContinuousClock.Instant) -> Int {
        self.last += 1
        self.underWay[self.last] = Entry(target: target, since: now)
        return self.last
    }

    mutating func end(_ number: Int) { self.underWay[number] = nil }

    mutating func removeAll() { self.underWay.removeAll() }
}
