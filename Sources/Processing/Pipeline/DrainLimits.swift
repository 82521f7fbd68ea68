import EventLoops

/// How long a drain may last when nothing runs any more: whatever a queue, a connection, a worker or an endpoint does
/// not answer, the host ends. What was not settled is delivered again.
///
/// What runs is let run: its own deadline ends it.
enum DrainLimits {
    /// For the broker to confirm settlements and the end of the consumers.
    static let settlingTime = Duration.seconds(5)
    /// After that, for workers and connections to end.
    static let endingTime = Duration.seconds(2)
    /// Between two looks.
    static let interval = Duration.milliseconds(250)
}

/// What a drain does about answers that do not come.
enum DrainVerdict: Sendable, Equatable {
    case goOn
    /// Nothing more is expected from the broker.
    case abandonSettlements
    /// Nor from workers.
    case abandonAll
}

/// A drain under way. A value: the caller tells the time.
struct Drain: Hashable {
    private var quietSince: SteadyInstant
    /// The consumers are forgotten, and what they left unsettled with them.
    var hasAbandonedSettlements = false
    /// The present invoker has been told to stop.
    var hasStoppedInvoker = false

    init(since now: SteadyInstant) { self.quietSince = now }

    /// How long nothing has run.
    mutating func quiet(isRunning: Bool, at now: SteadyInstant) -> Duration {
        if isRunning { self.quietSince = now }
        return self.quietSince.duration(to: now)
    }
}
