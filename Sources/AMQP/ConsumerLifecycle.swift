import Messaging

/// The life cycle of one consumer on its channel, across every loss and recovery.
///
/// A value without I/O: each method takes an event and returns the actions to carry out. After any interruption the
/// channel is opened again, so delivery tags from before can never be mistaken for later ones.
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
        /// Unsubscribed, and all unsettled deliveries are to be requeued: the last acknowledgements were sent, and the
        /// broker gets time to take them.
        case returning
        /// channel.close was sent: the broker cancelled the consumer or answers nothing, or is to requeue everything.
        case closing
        /// Waits a while before the channel is opened again.
        case backingOff
        /// Unsubscribed; the channel is still open for settlements.
        case ended
        /// Unsubscribed and everything settled; channel.close was sent.
        case leaving
        /// Nobody waits for the channel any more: channel.close was sent, and whatever still comes from it is ignored.
        /// Its number stays taken until the broker has answered.
        case discarded
        /// Unsubscribed, and the channel is gone.
        case over
    }

    enum Action: Equatable {
        case open
        case limit
        case consume
        case cancel
        /// Send the collected acknowledgements, and call `lastAcksTaken` when the broker has had time to take them.
        case sendLastAcks
        case closeChannel
        case confirmChannelClose
        case backOff
        case reportActive
        case reportEnded
        case reportInterrupted(Interruption, BrokerError)
        /// The broker does not even close this channel, perhaps because its queue has no leader: start the consumer
        /// again on a connection of its own, and let the other consumers on this one go on.
        case moveAway(BrokerError)
        /// The broker does not close the channel on a connection of its own either: replace that connection.
        case breakConnection(BrokerError)
    }

    private(set) var state = State.disconnected
    /// How the consumer was unsubscribed; `nil` as long as it is wanted.
    private var departure: UnsubscribeMode?
    var isWanted: Bool { self.departure == nil }
    /// The last reported reason why there is no connection; the same reason is not reported twice in a row.
    private var reportedLoss: BrokerError?

    /// Whether settlements can be sent.
    var canSettle: Bool {
        switch self.state {
        case .consuming, .cancelling, .ended: true
        case .disconnected, .opening, .limiting, .subscribing, .returning, .closing, .backingOff, .leaving, .discarded,
            .over:
            false
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
        self.state = .consuming
        return [.reportActive]
    }

    /// The broker has not answered the last method: a queue without a leader answers nothing. The close that is sent
    /// now also deals with an answer that comes late.
    mutating func wentUnanswered(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .opening, .limiting, .subscribing:
            self.state = .closing
            return [.reportInterrupted(.channel, error), .closeChannel]
        case .disconnected, .consuming, .cancelling, .returning, .closing, .backingOff, .ended, .leaving, .discarded,
            .over:
            return []
        }
    }

    /// The broker has not confirmed the end of the consumer, or the close of the channel.
    ///
    /// - Parameter isAlone: the connection serves no other consumer.
    mutating func endWentUnanswered(_ error: BrokerError, isAlone: Bool) -> [Action] {
        switch self.state {
        case .closing where self.isWanted:
            if isAlone { return [.breakConnection(error)] }
            self.state = .discarded
            return [.moveAway(error)]
        case .closing:
            return self.end(.discarded)
        case .cancelling:
            return [.reportInterrupted(.channel, error), .closeChannel] + self.end(.discarded)
        case .disconnected, .opening, .limiting, .subscribing, .consuming, .returning, .backingOff, .ended, .leaving,
            .discarded, .over:
            return []
        }
    }

    /// Gives up the consumer, which seems dead, and starts it again.
    mutating func renew(_ error: BrokerError) -> [Action] {
        guard self.state == .consuming else { return [] }
        self.state = .closing
        return [.reportInterrupted(.consumer, error), .closeChannel]
    }

    mutating func cancelledByBroker(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .consuming, .subscribing:
            self.state = .closing
            return [.reportInterrupted(.consumer, error), .closeChannel]
        case .cancelling:
            return self.end(.ended)
        case .disconnected, .opening, .limiting, .returning, .closing, .backingOff, .ended, .leaving, .discarded, .over:
            return []
        }
    }

    mutating func channelClosedByBroker(_ error: BrokerError) -> [Action] {
        switch self.state {
        case .disconnected, .backingOff, .over: return []
        case .ended:
            // No more deliveries come, but earlier ones may still be running: report that their tags are void.
            self.state = .over
            return [.confirmChannelClose, .reportInterrupted(.channel, error)]
        case .leaving, .discarded:
            self.state = .over
            return [.confirmChannelClose]
        case .closing:
            // Both sides closed at once; the interruption has been reported.
            return [.confirmChannelClose] + self.restOrEnd()
        case .cancelling, .returning:
            return [.confirmChannelClose, .reportInterrupted(.channel, error)] + self.end(.over)
        case .opening, .limiting, .subscribing, .consuming:
            self.state = .backingOff
            return [.confirmChannelClose, .reportInterrupted(.channel, error), .backOff]
        }
    }

    mutating func channelCloseConfirmed() -> [Action] {
        if self.state == .leaving || self.state == .discarded { self.state = .over }
        guard self.state == .closing else { return [] }
        return self.restOrEnd()
    }

    private mutating func restOrEnd() -> [Action] {
        guard self.isWanted else { return self.end(.over) }
        self.state = .backingOff
        return [.backOff]
    }

    mutating func backedOff() -> [Action] {
        guard self.state == .backingOff else { return [] }
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
            // No more deliveries come, but earlier ones may still be running: report that their tags are void.
            self.state = .over
            return [.reportInterrupted(.connection, error)]
        case .discarded:
            self.state = .over
            return []
        case .cancelling, .returning:
            return [.reportInterrupted(.connection, error)] + self.end(.over)
        case .opening, .limiting, .subscribing, .consuming, .closing, .backingOff:
            let report = Action.reportInterrupted(.connection, error)
            guard self.isWanted else { return [report] + self.end(.over) }
            self.state = .disconnected
            self.reportedLoss = error
            return [report]
        }
    }

    /// Ends the consumer. In every state the end is either reported at once, or follows an answer of the broker that is
    /// awaited with a limit.
    mutating func unsubscribe(_ departure: UnsubscribeMode) -> [Action] {
        guard self.isWanted else { return [] }
        self.departure = departure
        switch self.state {
        case .disconnected, .backingOff: return self.end(.over)
        case .consuming:
            switch departure {
            case .settling:
                self.state = .cancelling
                return [.cancel]
            case .returning:
                self.state = .returning
                return [.sendLastAcks]
            }
        case .opening, .limiting, .subscribing:
            // Nothing can have been acknowledged yet, and a queue that does not answer must not delay a drain.
            return [.closeChannel] + self.end(.discarded)
        case .closing:
            // The interruption has been reported, which made every tag void.
            return self.end(.discarded)
        case .discarded, .over:
            // The consumer waits for a connection of its own, and does not have one yet.
            return [.reportEnded]
        case .cancelling, .returning, .ended, .leaving: return []
        }
    }

    /// Drops the consumer: nobody waits for anything from it any more.
    mutating func abandon() -> [Action] {
        self.departure = self.departure ?? .returning
        switch self.state {
        case .disconnected, .backingOff:
            self.state = .over
            return []
        case .closing:
            self.state = .discarded
            return []
        case .opening, .limiting, .subscribing, .consuming, .cancelling, .returning, .ended:
            self.state = .discarded
            return [.closeChannel]
        case .leaving, .discarded, .over:
            return []
        }
    }

    /// Closes the channel without a basic.cancel: after a basic.cancel the broker would make the next consumer active
    /// while this one still holds deliveries.
    mutating func lastAcksTaken() -> [Action] {
        guard self.state == .returning else { return [] }
        self.state = .closing
        return [.closeChannel]
    }

    mutating func cancelConfirmed() -> [Action] {
        guard self.state == .cancelling else { return [] }
        return self.end(.ended)
    }

    /// Every delivery that was handed over is settled.
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
