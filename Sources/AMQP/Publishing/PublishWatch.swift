/// Judges whether the broker keeps up with confirming what one connection has sent. It is told of each sign of life and
/// asked for a verdict from time to time. All times count from one arbitrary moment.
struct PublishWatch: Equatable {
    /// The time between two verdicts.
    static let interval = Duration.seconds(1)
    /// A message that is unanswered for this long makes its target a suspect.
    static let late = Duration.seconds(5)
    /// A connection on which nothing at all is answered for this long is given up.
    static let silence = Duration.seconds(3)
    /// So few unanswered messages cannot have made the broker stop reading (it does at 32), and sending them again
    /// might duplicate them.
    static let harmless = 31

    enum Verdict: Equatable {
        case well
        /// Some messages are late: make their targets suspects.
        case suspectLate
        /// Nothing is answered any more, and few messages are on their way. The broker's channel may be blocked: the
        /// first message that it passes to a quorum queue is a call, which lasts 65 s when the queue does not answer
        /// (RabbitMQ 3.10, `rabbit_fifo_client`). Leave these messages where they are, and send further ones on another
        /// connection.
        case isBlocked
        /// Nothing is answered, and many messages are on their way: make all their targets suspects, and replace the
        /// connection.
        case standsStill
    }

    /// When the broker last answered a message.
    private var heardAt: Duration
    /// When the broker last stopped blocking the connection. The lateness of earlier messages counts from then.
    private var unblockedAt: Duration
    /// Why the broker blocks the connection; `nil` when it does not.
    private(set) var blockedReason: String?

    init(at now: Duration) {
        self.heardAt = now
        self.unblockedAt = now
    }

    mutating func connected(at now: Duration) {
        self.heardAt = now
        self.blockedReason = nil
    }

    mutating func heard(at now: Duration) { self.heardAt = now }

    mutating func blocked(because reason: String) { self.blockedReason = reason }

    mutating func unblocked(at now: Duration) {
        self.blockedReason = nil
        self.unblockedAt = now
        self.heardAt = now
    }

    /// - Parameter oldest: when the oldest unanswered message was sent; `nil` when there is none.
    func judge(unanswered: Int, oldest: Duration?, at now: Duration) -> Verdict {
        guard self.blockedReason == nil else { return .well }
        return Self.judge(
            unanswered: unanswered,
            oldest: oldest.map { max($0, self.unblockedAt) },
            heard: self.heardAt,
            at: now
        )
    }

    /// - Parameters:
    ///   - oldest: when the oldest unanswered message was sent; `nil` when there is none.
    ///   - heard: when the broker last answered any message.
    static func judge(
        unanswered: Int,
        oldest: Duration?,
        heard: Duration,
        at now: Duration
    ) -> Verdict {
        guard let oldest else { return .well }
        let quiet = now - max(oldest, heard)
        if unanswered > Self.harmless, quiet >= Self.silence { return .standsStill }
        guard now - oldest >= Self.late else { return .well }
        return quiet >= Self.late ? .isBlocked : .suspectLate
    }
}
