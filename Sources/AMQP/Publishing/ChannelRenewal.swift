/// Decides when to replace a channel on which the broker refuses messages (basic.nack).
///
/// A channel remembers the members of a quorum queue in the order in which it found them, leader first. When a channel
/// begins to publish in the moment after the leader's node was lost, RabbitMQ 3.10 refuses all its messages for as long
/// as that node is down, although the other members have elected a leader by then (`rabbit_fifo_client:enqueue`, at
/// `{badrpc, nodedown}`). A new channel finds the new leader. A queue that is full refuses messages on every channel,
/// so the time until the next renewal grows.
struct ChannelRenewal: Equatable {
    static let first = Duration.seconds(1)
    static let longest = Duration.seconds(60)

    private var pause = Self.first
    /// When this channel first refused a message.
    private var refusesSince: Duration?
    private var refusedLast: Duration?

    /// - Parameter now: the time since an arbitrary moment, the same one in all calls.
    /// - Returns: whether the channel has refused messages for so long that it is to be replaced.
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

    /// The connection or the channel was replaced for another reason.
    mutating func channelIsNew() { self.refusesSince = nil }
}
