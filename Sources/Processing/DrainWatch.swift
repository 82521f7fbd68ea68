/// How long a drain may last when nothing runs any more: whatever a queue, a connection, a worker or an endpoint does not
/// answer, the host ends. What was not settled is delivered again.
///
/// What runs is let run: its own deadline ends it. A value without a clock: the caller tells the time.
struct DrainWatch {
    /// For the broker to confirm settlements and the end of the consumers.
    static let settlingTime = Duration.seconds(5)
    /// After that, for workers and connections to end.
    static let endingTime = Duration.seconds(2)
    /// Between two looks.
    static let interval = Duration.milliseconds(250)

    enum Verdict {
        case goOn
        /// Nothing more is expected from the broker.
        case abandonSettlements
        /// Nor from workers.
        case abandonAll
    }

    private var quietSince: ContinuousClock.Instant

    init(begin: ContinuousClock.Instant) { self.quietSince = begin }

    mutating func look(isRunning: Bool, at now: ContinuousClock.Instant) -> Verdict {
        if isRunning { self.quietSince = now }
        let quiet = self.quietSince.duration(to: now)
        if quiet >= Self.settlingTime + Self.endingTime { return .abandonAll }
        return quiet >= Self.settlingTime ? .abandonSettlements : .goOn
    }
}
