/// Whether the broker keeps up with confirming what one connection has sent: it is told of each sign of life, and
/// judges from time to time. Its times are since one moment, whichever.
struct PublishWatch: Equatable {
    /// Between two looks.
    static let interval = Duration.seconds(1)
    /// A message that is not answered for so long makes its target a suspect.
    static let late = Duration.seconds(5)
    /// With nothing answered at all for so long the connection is given up.
    static let silence = Duration.seconds(3)
    /// So few unanswered messages cannot have made the broker stop reading (it does at 32), and sending them again
    /// might double them.
    static let harmless = 31

    enum Verdict: Equatable {
        case well
        /// Some messages are late: suspect where they were going.
        case suspectLate
        /// Nothing is answered any more, and few messages are on their way. The broker's channel may be waiting: the
        /// first message that it passes to a quorum queue is a call, which lasts 65 s when the queue does not answer
        /// (RabbitMQ 3.10, `rabbit_fifo_client`). They stay where they are, and another connection takes what is to
        /// come.
        case isBlocked
        /// Nothing moves: suspect all that is on its way, and take another connection.
        case standsStill
    }

    /// When the broker last answered a message.
    private var heardAt: Duration
    /// When it last began to take messages; what was sent before has been waiting for that.
    private var unblockedAt: Duration
    /// Why it takes none for now.
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

    /// - Parameter oldest: when the oldest unanswered message was sent; nil when there is none.
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
    ///   - oldest: when the oldest unanswered message was sent; nil when there is none.
    ///   - heard: when the broker last answered any.
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
