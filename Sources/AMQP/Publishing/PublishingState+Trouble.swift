import Messaging

/// The state of a publishing connection's link to the broker.
enum PublishingLink: Equatable {
    /// No connection has been made yet.
    case unreached
    case up(broker: String)
    /// The connection was given up; the driver has not reported its loss yet.
    case ending(broker: String)
    case lost(BrokerError)
}

/// Why messages are not on their way any more.
private enum Interruption {
    case channelClosed(BrokerError)
    /// The broker did not answer in time.
    case unanswered(BrokerError)
    case connectionLost
}

/// Losses and their repair: of connection and channel, of late messages, and of a silent broker.
extension PublishingState {
    // MARK: - Connection and channel

    mutating func connected(to broker: String, at now: Duration, _ actions: inout [Action]) {
        self.watch.connected(at: now)
        if self.link == .unreached { self.beginToWait(at: now, &actions) }
        self.link = .up(broker: broker)
        self.openChannel(&actions)
    }

    mutating func openChannel(_ actions: inout [Action]) {
        guard case .up = self.link else { return }
        self.channel.open()
        self.backlog.channelIsNew()
        actions.append(.openChannel)
    }

    mutating func channelClosed(_ error: BrokerError, _ actions: inout [Action]) {
        guard self.channel.state != .closed else { return }
        actions.append(.confirmChannelClose)
        switch self.backlog.unanswered {
        case 0:
            // Nothing was on its way, so there is no culprit to find.
            self.channel.backOff()
            return actions.append(.arm(.backOff(channel: self.channel.life), after: PublishingChannel.backOffTime))
        case 1:
            self.backlog.culpritFound()
            for item in self.backlog.takeUnanswered() { actions.append(.refuse(item, error)) }
        default:
            self.interrupted(by: .channelClosed(error), &actions)
        }
        self.openChannel(&actions)
    }

    mutating func lost(_ error: BrokerError, at now: Duration, _ actions: inout [Action]) {
        // The connection may have been lost because the broker had stopped reading.
        self.interrupted(by: self.verdict(at: now) == .standsStill ? .unanswered(error) : .connectionLost, &actions)
        self.channel.isGone()
        let wasReached = self.link != .unreached
        if wasReached { self.link = .lost(error) }
        guard case .alone = self.role, error.kind == .accessRefused || !wasReached else { return }
        self.refuseAll(error, &actions)
    }

    /// Gives up a channel that will answer no more, together with its connection.
    mutating func giveUpChannel(_ error: BrokerError, _ actions: inout [Action]) {
        self.interrupted(by: .unanswered(error), &actions)
        self.breakOff(error, &actions)
    }

    mutating func breakOff(_ error: BrokerError, _ actions: inout [Action]) {
        self.channel.isGone()
        self.giveUpConnection(error, &actions)
    }

    mutating func giveUpConnection(_ error: BrokerError, _ actions: inout [Action]) {
        guard case .up(let broker) = self.link else { return }
        self.link = .ending(broker: broker)
        actions.append(.breakConnection(error))
    }

    /// The only place that decides on which connection unanswered messages are sent again.
    private mutating func interrupted(by interruption: Interruption, _ actions: inout [Action]) {
        let unanswered = self.backlog.takeUnanswered()
        guard !unanswered.isEmpty else { return }
        // While closing, the other connection takes over no more messages.
        let hasOther = self.role == .regular && self.end == .notWanted
        guard hasOther else {
            switch interruption {
            case .channelClosed: self.backlog.sendAgain(unanswered, oneByOne: true)
            case .unanswered, .connectionLost: self.backlog.sendAgain(unanswered)
            }
            return
        }
        switch interruption {
        case .channelClosed(let error), .unanswered(let error):
            actions.append(.handOver(unanswered, .asSuspects(because: error)))
        case .connectionLost:
            actions.append(.handOver(unanswered, .sortedOut))
        }
    }

    // MARK: - What is late

    private func verdict(at now: Duration) -> PublishWatch.Verdict {
        guard self.channel.isOpen else { return .well }
        return self.watch.judge(unanswered: self.backlog.unanswered, oldest: self.backlog.oldest, at: now)
    }

    mutating func look(at now: Duration, _ actions: inout [Action]) {
        guard self.end == .notWanted else { return }
        let verdict = self.verdict(at: now)
        switch self.role {
        case .alone: return
        case .suspects: self.lookAtSuspects(verdict, at: now, &actions)
        case .regular: self.lookAtOthers(verdict, at: now, &actions)
        }
        actions.append(.arm(.watch, after: PublishWatch.interval))
    }

    private func lookAtSuspects(_ verdict: PublishWatch.Verdict, at now: Duration, _ actions: inout [Action]) {
        switch verdict {
        case .well, .suspectLate, .standsStill: break
        case .isBlocked:
            guard let first = self.backlog.unanswered(sentBefore: now).first else { return }
            actions.append(.changeOrder(behind: first))
        }
    }

    private mutating func lookAtOthers(_ verdict: PublishWatch.Verdict, at now: Duration, _ actions: inout [Action]) {
        let late = now - PublishWatch.late
        switch verdict {
        case .well: break
        case .suspectLate: actions.append(.suspectLate(self.backlog.unanswered(sentBefore: late)))
        case .isBlocked:
            actions.append(.suspectLate(self.backlog.unanswered(sentBefore: late)))
            actions.append(.retire)
        case .standsStill:
            guard case .up(let broker) = self.link else { return }
            self.giveUpChannel(.silence(of: broker, for: PublishWatch.silence, blockedBecause: nil), &actions)
        }
    }

    // MARK: - Silence

    /// Whether the broker owes an answer; never before it has been reached.
    private var isAwaited: Bool { self.link != .unreached && !self.isIdle }

    mutating func beginToWait(at now: Duration, _ actions: inout [Action]) {
        guard self.silence != nil else { return }
        let isAwaited = self.isAwaited
        guard let delay = self.silence?.begin(isAwaited: isAwaited, at: now) else { return }
        actions.append(.arm(.silence, after: delay))
    }

    mutating func lookAtSilence(at now: Duration, _ actions: inout [Action]) {
        let isAwaited = self.isAwaited
        switch self.silence?.look(isAwaited: isAwaited, at: now) {
        case nil, .well: break
        case .lookAgain(let delay): actions.append(.arm(.silence, after: delay))
        case .tooLong(let limit): self.giveUp(after: limit, &actions)
        }
    }

    /// Refuses all unfinished messages and gives up the connection: late answers on it have lost their meaning.
    private mutating func giveUp(after limit: Duration, _ actions: inout [Action]) {
        let error: BrokerError
        switch self.link {
        case .unreached: return
        case .up(let broker), .ending(let broker):
            error = .silence(of: broker, for: limit, blockedBecause: self.watch.blockedReason)
        case .lost(let reason): error = reason
        }
        self.breakOff(error, &actions)
        self.refuseAll(error, &actions)
    }

    private mutating func refuseAll(_ error: BrokerError, _ actions: inout [Action]) {
        let items = self.backlog.takeAll()
        if !items.isEmpty { actions.append(.answerAll(items, .refused(error))) }
    }
}
