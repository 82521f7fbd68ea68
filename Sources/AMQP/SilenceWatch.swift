import Messaging
import Polling

/// Notices that the broker has answered nothing for too long while somebody waits for it. Confined to its loop.
final class SilenceWatch {
    private let limit: Duration
    private let loop: EventLoop
    private let isAwaited: () -> Bool
    private let isTooLong: () -> Void
    private var heardAt = ContinuousClock.now
    private var timer: TimerID?

    /// - Parameters:
    ///   - isAwaited: whether the broker owes an answer.
    ///   - isTooLong: called when it has owed one, and given none, for the limit.
    init(
        limit: Duration,
        loop: EventLoop,
        isAwaited: @escaping () -> Bool,
        isTooLong: @escaping () -> Void
    ) {
        self.limit = limit
        self.loop = loop
        self.isAwaited = isAwaited
        self.isTooLong = isTooLong
    }

    /// To be called before something begins to wait: if nothing waited until now, the silence begins now.
    func begin() {
        if !self.isAwaited() { self.heardAt = .now }
        if self.timer == nil { self.check(after: self.limit) }
    }

    func heard() { self.heardAt = .now }

    private func check(after delay: Duration) {
        self.timer = self.loop.schedule(after: delay) { [weak self] in
            guard let self else { return }
            self.timer = nil
            guard self.isAwaited() else { return }
            let rest = self.limit - self.heardAt.duration(to: .now)
            if rest > .zero { self.check(after: rest) } else { self.isTooLong() }
        }
    }
}

extension BrokerError {
    /// The broker is there and does not do its part.
    ///
    /// - Parameter reason: why it blocks the connection, if it has said so.
    static func silence(
        of address: AMQPAddress,
        for limit: Duration,
        blockedBecause reason: String?
    ) -> BrokerError {
        if let reason {
            return BrokerError(
                .unreachable,
                "\(address) has taken no messages for \(limit.words) (\(reason)); free its memory or disk, and publish "
                    + "again"
            )
        }
        return BrokerError(
            .unreachable,
            "\(address) has confirmed nothing for \(limit.words), and may have stored what it got or not; check its load "
                + "and whether its quorum queues have a majority of their members, and publish again"
        )
    }
}
