/// Judges from time to time whether the broker keeps up with confirming what one channel has sent.
struct PublishWatch {
    /// Between two looks.
    static let interval = Duration.seconds(1)
    /// A message that is not answered for so long makes its target a suspect.
    static let late = Duration.seconds(5)
    /// With nothing answered at all for so long the connection is given up.
    static let silence = Duration.seconds(3)
    /// So few unanswered messages cannot have made the broker stop reading (it does at 32), and sending them again might
    /// double them.
    static let harmless = 31

    enum Verdict: Equatable {
        case well
        /// Some messages are late: suspect where they were going.
        case suspectLate
        /// Nothing is answered any more, and few messages are on their way. The broker's channel may be waiting: the first
        /// message that it passes to a quorum queue is a call, which lasts 65 s when the queue does not answer (RabbitMQ
        /// 3.10, `rabbit_fifo_client`). They stay where they are, and another connection takes what is to come.
        case isBlocked
        /// Nothing moves: suspect all that is on its way, and take another connection.
        case standsStill
    }

    /// - Parameters:
    ///   - oldest: when the oldest unanswered message was sent; nil when there is none.
    ///   - heard: when the broker last answered any.
    static func judge(
        unanswered: Int,
        oldest: ContinuousClock.Instant?,
        heard: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) -> Verdict {
        guard let oldest else { return .well }
        let quiet = max(oldest, heard).duration(to: now)
        if unanswered > Self.harmless, quiet >= Self.silence { return .standsStill }
        guard oldest.duration(to: now) >= Self.late else { return .well }
        return quiet >= Self.late ? .isBlocked : .suspectLate
    }
}
