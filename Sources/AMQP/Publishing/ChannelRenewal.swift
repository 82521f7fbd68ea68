/// When a channel on which the broker refuses messages (basic.nack) is to make room for a new one.
///
/// A channel keeps the members of a quorum queue in the order in which it found them, with the leader first. RabbitMQ
/// 3.10 refuses every message of a channel that begins to publish in the moment after the leader's node was lost, for
/// as long as that node is down, though the others have elected a leader by then (`rabbit_fifo_client:enqueue`, at
/// `{badrpc, nodedown}`). A new channel finds the new leader. A queue that is full refuses on every channel, so the
/// time until the next renewal grows.
struct ChannelRenewal: Equatable {
    static let first = Duration.seconds(1)
    static let longest = Duration.seconds(60)

    private var pause = Self.first
    /// When this channel refused for the first time.
    private var refusesSince: Duration?
    private var refusedLast: Duration?

    /// - Parameter now: the time since whatever moment, as in all calls.
    /// - Returns: whether the channel has refused messages for so long that another one is due.
    mutating func refused(at now: Duration) -> Bool {
        if let last = self.refusedLast, now - last > Self.longest { self = ChannelRenewal() }
        self.refusedLast = now
        let since = self.refusesSince ?? now
        self.refusesSince = since
        guard now - since >= self.pause else { return false }
        self.pause = min(self.pause * 2, Self.longest)
        self.refusesSince = nil
        return true
    }

    /// The connection or the channel has gone for another reason.
    mutating func channelIsNew() { self.refusesSince = nil }
}
