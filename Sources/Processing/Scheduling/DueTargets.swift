import EventLoops

/// Where due messages are being published to, so that a target that takes nothing holds up its own messages only.
///
/// A host holds few due messages at a time. Without bounds those for one queue without a leader would soon be all that
/// it holds, and nothing that is scheduled would leave any host of the namespace. So a target gets a share of the
/// places, its exchange a larger one, and while something for it is late, what else comes for it is put off without a
/// try. When what is late has taken most of the places, a few other targets still get a try; when those are late, too,
/// what comes is put off until one of them is answered.
///
/// A value: the caller tells the time.
struct DueTargets {
    struct Target: Hashable {
        let exchange: String
        let routingKey: String
    }

    enum Answer: Equatable {
        /// With the number by which its end is told.
        case publish(Int)
        /// Its share is under way: one of them may be confirmed in a moment.
        case wait
        case putOff
    }

    /// On their way to one routing key.
    static let share = 8
    /// On their way to all routing keys of one exchange.
    static let shareOfExchange = 16
    /// On their way in all.
    static let most = 24
    /// Beyond that, to targets of which nothing is on its way. With them there are still places left of the relay's 32:
    /// what comes next must be looked at to be put off.
    static let mostTries = 4
    /// A message that is not confirmed for so long is late.
    static let late = Duration.seconds(15)
    /// So many late routing keys make their whole exchange late: keys that name one order each are all different.
    static let lateKeys = 8

    private struct Entry {
        let target: Target
        let since: SteadyInstant
        let isTry: Bool
    }

    private var underWay: [Int: Entry] = [:]
    private var last = 0

    /// What is to be done with a message for this target.
    mutating func take(_ target: Target, at now: SteadyInstant) -> Answer {
        func isLate(_ entry: Entry) -> Bool { entry.since.duration(to: now) >= Self.late }
        let all = self.underWay.values
        let own = all.filter { $0.target == target }
        if own.contains(where: isLate) { return .putOff }
        if own.count >= Self.share { return .wait }
        let crowd = self.crowd(before: target)
        let lateKeys = Set(all.lazy.filter { $0.target.exchange == target.exchange && isLate($0) }.map(\.target))
        if crowd.isEmpty, lateKeys.count < Self.lateKeys { return self.begin(target, now, isTry: false) }
        // What is not late may be confirmed in a moment.
        if !crowd.allSatisfy(isLate) || !own.isEmpty { return .wait }
        let tries = all.filter(\.isTry)
        if tries.count < Self.mostTries { return self.begin(target, now, isTry: true) }
        return tries.allSatisfy(isLate) ? .putOff : .wait
    }

    /// What leaves no room for the target; empty when there is room.
    private func crowd(before target: Target) -> [Entry] {
        let entries = self.underWay.values.filter { !$0.isTry }
        if entries.count >= Self.most { return entries }
        let beside = entries.filter { $0.target.exchange == target.exchange }
        return beside.count >= Self.shareOfExchange ? beside : []
    }

    private mutating func begin(_ target: Target, _ now: SteadyInstant, isTry: Bool) -> Answer {
        self.last += 1
        self.underWay[self.last] = Entry(target: target, since: now, isTry: isTry)
        return .publish(self.last)
    }

    mutating func end(_ number: Int) { self.underWay[number] = nil }

    mutating func removeAll() { self.underWay.removeAll() }
}
