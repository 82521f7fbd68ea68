import Messaging

/// The life of one consumer on its channel, over every loss and recovery.
///
/// Pure: each method takes what has happened and returns what to do. After any interruption the channel is opened
/// anew, so that tags of before can never be mistaken for tags of after.
struct ConsumerLifecycle {
    enum State: Equatable {
        /// Waits for a connection.
        case disconnected
        /// channel.open was sent.
        case opening
        /// basic.qos was sent.
        case limiting
        /// basic.consume was sent.
        case subscribing
        case consuming
        /// basic.cancel was sent by us.
        case cancelling
        /// The broker cancelled the consumer; channel.close was sent.
        case closing
        /// Waits a while before the channel is opened again.
        case resting
        /// Unsubscribed; the channel is still open for settlements.
        case ended
        /// Unsubscribed and everything settled; channel.close was sent.
        case leaving
        /// Unsubscribed, and the channel is gone.
        case over
    }

    enum Action: Equatable {
        case open
        case limit
        case consume
        case cancel
        case closeChannel
        case confirmChannelClose
        case rest
        case reportActive
        case reportEnded
        case reportInterrupted(Interruption, BrokerError)
    }

    private(set) var state = State.disconnected
    private var isWanted = true
    /// Why there has been no connection since the last one, as reported.
    private var reportedLoss: BrokerError?

    /// Whether settlements can be sent.
    var isChannelOpen: Bool {
        switch self.state {
        case .consuming, .cancelling, .ended: true
        case .disconnected, .opening, .limiting, .subscribing, .closing, .resting, .leaving, .over: false
        }
    }

    mutating func connected() -> [Action] {
        guard self.state == .disconnected else { return [] }
        self.state = .opening
        self.reportedLoss = nil
        return [.open]
    }

    mutating func opened() -> [Action] {
        guard self.state == .opening else { return [] }
        guard self.isWanted else { return self.end(.ended) }
        self.state = .limiting
        return [.limit]
    }

    mutating func limited() -> [Action] {
        guard self.state == .limiting else { return [] }
        self.state = .subscribing
        return [.consume]
    }

    mutating func subscribed() -> [Action] {
        guard self.state == .subscribing else { return [] }
        guard self.isWanted else {
            self.state = .cancelling
            return [.cancel]
        }
        self.state = .consuming
        return [.reportActive]
    }

    /// The broker has not answered what was sent last: a queue whose leader is gone answers nothing until it has one.
    /// An answer that still comes is met by the close that is sent now.
    mutating func wentUnanswered(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .opening, .limiting, .subscribing:
            self.state = .closing
            return [.reportInterrupted(.channel, error), .closeChannel]
        case .disconnected, .consuming, .cancelling, .closing, .resting, .ended, .leaving, .over:
            return []
        }
    }

    mutating func cancelledByBroker(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .consuming, .subscribing:
            self.state = .closing
            return [.reportInterrupted(.consumer, error), .closeChannel]
        case .cancelling:
            return self.end(.ended)
        case .disconnected, .opening, .limiting, .closing, .resting, .ended, .leaving, .over:
            return []
        }
    }

    mutating func channelClosedByBroker(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .disconnected, .resting, .over: return []
        case .ended, .leaving:
            self.state = .over
            return [.confirmChannelClose]
        case .closing:
            // Both sides closed at once; the interruption has been reported.
            self.state = .resting
            return [.confirmChannelClose, .rest]
        case .cancelling:
            return [.confirmChannelClose] + self.end(.over)
        case .opening, .limiting, .subscribing, .consuming:
            guard self.isWanted else { return [.confirmChannelClose] + self.end(.over) }
            self.state = .resting
            return [.confirmChannelClose, .reportInterrupted(.channel, error), .rest]
        }
    }

    mutating func channelCloseConfirmed() -> [Action] {
        if self.state == .leaving { self.state = .over }
        guard self.state == .closing else { return [] }
        guard self.isWanted else { return self.end(.over) }
        self.state = .resting
        return [.rest]
    }

    mutating func rested() -> [Action] {
        guard self.state == .resting else { return [] }
        self.state = .opening
        return [.open]
    }

    /// The connection was lost, or another attempt to make one has failed.
    mutating func connectionLost(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .over: return []
        case .disconnected:
            guard error != self.reportedLoss else { return [] }
            self.reportedLoss = error
            return [.reportInterrupted(.connection, error)]
        case .ended, .leaving:
            // Nothing is delivered any more, but what was delivered may still be running: its tag is void now.
            self.state = .over
            return [.reportInterrupted(.connection, error)]
        case .cancelling:
            return [.reportInterrupted(.connection, error)] + self.end(.over)
        case .opening, .limiting, .subscribing, .consuming, .closing, .resting:
            let report = Action.reportInterrupted(.connection, error)
            guard self.isWanted else { return [report] + self.end(.over) }
            self.state = .disconnected
            self.reportedLoss = error
            return [report]
        }
    }

    mutating func unsubscribe() -> [Action] {
        guard self.isWanted else { return [] }
        self.isWanted = false
        switch self.state {
        case .disconnected, .resting: return self.end(.over)
        case .consuming:
            self.state = .cancelling
            return [.cancel]
        case .opening, .limiting, .subscribing, .closing: return []
        case .cancelling, .ended, .leaving, .over: return []
        }
    }

    mutating func cancelConfirmed() -> [Action] {
        guard self.state == .cancelling else { return [] }
        return self.end(.ended)
    }

    /// Nothing that was handed over is left to be settled.
    mutating func settledAll() -> [Action] {
        guard self.state == .ended else { return [] }
        self.state = .leaving
        return [.closeChannel]
    }

    private mutating func end(_ state: State) -> [Action] {
        self.state = state
        return [.reportEnded]
    }
}
