/// The life cycle of the channel on which messages are published, across every close and renewal. A value: its methods
/// return whether the event has an effect in the current state.
struct PublishingChannel: Equatable {
    enum State: Equatable {
        /// There is no channel: the connection is lost or given up.
        case closed
        /// channel.open was sent.
        case opening
        /// confirm.select was sent.
        case selecting
        case ready
        /// The channel is to be replaced: nothing more is sent, and answers to what was sent are awaited.
        case draining
        /// channel.close was sent, to replace the channel.
        case closing
        /// The broker has closed the channel although nothing was on its way; another one is opened after a rest.
        case backingOff
    }

    /// How long to rest after the broker has closed the channel although nothing was on its way.
    static let backOffTime = Duration.seconds(1)
    /// How long a channel that is to be replaced may wait for its last answers, and for channel.close-ok.
    static let drainLimit = Duration.seconds(3)

    private(set) var state = State.closed
    /// The number of the current channel, counted over the connection's life: a timer armed for an earlier one has no
    /// effect.
    private(set) var life = 0
    private var renewal = ChannelRenewal()

    /// Whether messages may have been sent on it that the broker can still answer.
    var isOpen: Bool { self.state == .ready || self.state == .draining }

    mutating func open() {
        self.state = .opening
        self.life += 1
        self.renewal.channelIsNew()
    }

    mutating func opened() -> Bool { self.go(from: .opening, to: .selecting) }

    mutating func confirmsSelected() -> Bool { self.go(from: .selecting, to: .ready) }

    /// The broker has refused a message on it.
    ///
    /// - Returns: whether the channel is to be replaced now.
    mutating func refused(at now: Duration) -> Bool {
        guard self.state == .ready, self.renewal.refused(at: now) else { return false }
        self.state = .draining
        return true
    }

    /// No message is on its way any more.
    ///
    /// - Returns: whether to close the channel now.
    mutating func drained() -> Bool { self.go(from: .draining, to: .closing) }

    /// The broker has closed the channel, with no message on its way.
    mutating func backOff() { self.state = .backingOff }

    /// The connection was lost, or is given up.
    mutating func isGone() { self.state = .closed }

    /// Whether a timer that was armed for this state of this channel still applies.
    func isStill(_ state: State, in life: Int) -> Bool { self.state == state && self.life == life }

    private mutating func go(from old: State, to new: State) -> Bool {
        guard self.state == old else { return false }
        self.state = new
        return true
    }
}
