import Messaging

/// Notices that the broker has answered nothing for too long while an answer is awaited. A value: its owner arms the
/// timer that it asks for, and says whether the broker owes an answer. All times count from one arbitrary moment.
struct SilenceWatch: Equatable {
    enum Verdict: Equatable {
        /// No answer is awaited.
        case well
        case lookAgain(after: Duration)
        /// The broker owes an answer and has given none for this long.
        case tooLong(Duration)
    }

    /// How long the broker may owe an answer and give none.
    private let limit: Duration
    private var heardAt: Duration
    private var isArmed = false

    init(limit: Duration, at now: Duration) {
        self.limit = limit
        self.heardAt = now
    }

    /// Must be called before something begins to wait: if nothing waited until now, the silence begins now.
    ///
    /// - Parameter isAwaited: whether the broker owes an answer already.
    /// - Returns: the delay after which to call `look`; `nil` when a timer for it is armed already.
    mutating func begin(isAwaited: Bool, at now: Duration) -> Duration? {
        if !isAwaited { self.heardAt = now }
        guard !self.isArmed else { return nil }
        self.isArmed = true
        return self.limit
    }

    mutating func heard(at now: Duration) { self.heardAt = now }

    /// The timer is due.
    mutating func look(isAwaited: Bool, at now: Duration) -> Verdict {
        self.isArmed = false
        guard isAwaited else { return .well }
        let rest = self.limit - (now - self.heardAt)
        guard rest > .zero else { return .tooLong(self.limit) }
        self.isArmed = true
        return .lookAgain(after: rest)
    }
}

extension BrokerError {
    /// The broker is reachable and does not do its part.
    ///
    /// - Parameters:
    ///   - broker: its address, in a form that is safe to show.
    ///   - reason: why it blocks the connection, if it has said so.
    static func silence(of broker: String, for limit: Duration, blockedBecause reason: String?) -> BrokerError {
        if let reason {
            return BrokerError(
                .unreachable,
                "\(broker) has taken no messages for \(limit.words) (\(reason)); free its memory or disk, and publish "
                    + "again"
            )
        }
        return BrokerError(
            .unreachable,
            "\(broker) has confirmed nothing for \(limit.words), and may or may not have stored the messages; check "
                + "its load and whether its quorum queues have a majority of their members, and publish again"
        )
    }
}
