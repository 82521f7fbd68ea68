/// The life of the channel that messages are published on, over every close and renewal. A value: its methods say
/// whether what has happened means something now.
struct PublishingChannel: Equatable {
    enum State: Equatable {
        /// There is none: the connection is away, or given up.
        case closed
        /// channel.open was sent.
        case opening
        /// confirm.select was sent.
        case selecting
        case ready
        /// A new one is due: nothing more is sent, and what is on its way is waited for.
        case draining
        /// channel.close was sent, to make room for the new one.
        case closing
        /// The broker has closed it though nothing was on its way; another one is opened after a rest.
        case resting
    }

    /// How long a channel rests that was closed though nothing was on its way.
    static let restTime = Duration.seconds(1)
    /// How long a channel that is to make room for a new one may wait for its last answers, and for its end.
    static let drainLimit = Duration.seconds(3)

    private(set) var state = State.closed
    /// Which of the connection's channels it is: a timer that was armed for another one counts no more.
    private(set) var life = 0
    private var renewal = ChannelRenewal()

    /// Messages were sent on it, and the broker may answer them.
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
    /// - Returns: whether another channel is due now.
    mutating func refused(at now: Duration) -> Bool {
        guard self.state == .ready, self.renewal.refused(at: now) else { return false }
        self.state = .draining
        return true
    }

    /// Nothing is on its way any more.
    ///
    /// - Returns: whether it is to be closed now.
    mutating func drained() -> Bool { self.go(from: .draining, to: .closing) }

    /// The broker has closed it, with nothing on its way.
    mutating func rest() { self.state = .resting }

    /// The connection has gone, or is given up.
    mutating func isGone() { self.state = .closed }

    /// Whether a limit that was set for this state of this life still holds.
    func isStill(_ state: State, in life: Int) -> Bool { self.state == state && self.life == life }

    private mutating func go(from old: State, to new: State) -> Bool {
        guard self.state == old else { return false }
        self.state = new
        return true
    }
}
