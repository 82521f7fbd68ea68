import Messaging

/// Makes the decisions of one publishing connection. Messages that are not confirmed when the connection breaks are
/// sent again, by its next connection or by the one for suspects: that can cause a duplicate with the same message ID,
/// but never a loss.
///
/// A value without clock, thread and I/O: `handle` takes an event and appends the actions to carry out; `takeNext`
/// returns the message to send now. Every message is answered once, at the latest when the connection ends. All times
/// count from one arbitrary moment.
struct PublishingState<Item: Returnable>: Equatable {
    typealias Event = PublishingEvent<Item>
    typealias Action = PublishingAction<Item>

    enum End: Equatable {
        case notWanted
        /// Waits for the answers to unfinished messages.
        case wanted
        case over
    }

    // Only this type changes them; a part of it is an extension in another file.
    let role: PublishingRole
    var link = PublishingLink.unreached
    var end = End.notWanted
    var channel = PublishingChannel()
    var backlog = PublishBacklog<Item>()
    var watch: PublishWatch
    /// `nil`: the broker is never given up.
    var silence: SilenceWatch?

    init(role: PublishingRole, at now: Duration) {
        self.role = role
        self.watch = PublishWatch(at: now)
        switch role {
        case .alone(let limit): self.silence = SilenceWatch(limit: limit, at: now)
        case .regular, .suspects: self.silence = nil
        }
    }

    /// Whether no message waits or is on its way.
    var isIdle: Bool { self.backlog.isEmpty }

    /// Whether the connection is closing or closed.
    var isEnding: Bool { self.end != .notWanted }

    /// Takes the message to send now. The caller reports the outcome as `wrote` before any other event.
    mutating func takeNext() -> Item? {
        guard self.channel.state == .ready, self.watch.blockedReason == nil, case .up = self.link else { return nil }
        return self.backlog.takeNext()
    }

    /// Takes the unsent messages that the condition selects.
    mutating func withdraw(where isIncluded: (Item) -> Bool) -> [Item] { self.backlog.withdraw(where: isIncluded) }

    /// - Parameter actions: the actions to carry out are appended, in their order.
    mutating func handle(_ event: Event, at now: Duration, _ actions: inout [Action]) {
        guard self.end != .over else { return self.answerAfterEnd(event, &actions) }
        switch event {
        case .started:
            if self.role.hasSupervisor { actions.append(.arm(.watch, after: PublishWatch.interval)) }
        case .asked(let item):
            self.beginToWait(at: now, &actions)
            self.backlog.append(item)
        case .givenBack(let items): self.backlog.sendAgain(items)
        case .forget:
            _ = self.backlog.takeAll()
            self.breakOff(BrokerError(.unreachable, "suspects take turns on another connection"), &actions)
        case .close(let limit): self.close(within: limit, &actions)
        case .connected(let broker): self.connected(to: broker, at: now, &actions)
        case .lost(let error): self.lost(error, at: now, &actions)
        case .blocked(let reason):
            self.watch.blocked(because: reason)
            actions.append(.log(.blocked(reason: reason)))
        case .unblocked:
            self.watch.unblocked(at: now)
            actions.append(.log(.unblocked))
        case .channelOpened: if self.channel.opened() { actions.append(.selectConfirms) }
        case .confirmsSelected: _ = self.channel.confirmsSelected()
        case .channelClosed: if self.channel.state == .closing { self.openChannel(&actions) }
        case .channelClosedByBroker(let error): self.channelClosed(error, &actions)
        case .wrote(let item, let outcome): self.wrote(item, outcome, at: now, &actions)
        case .answered(let number, let multiple, let isPositive):
            self.answered(number, multiple: multiple, isPositive: isPositive, at: now, &actions)
        case .returned(let message): self.backlog.returned(message)
        case .due(let timer): self.due(timer, at: now, &actions)
        }
        if self.end == .wanted, self.isIdle { self.finish(&actions) }
    }

    private mutating func due(_ timer: PublishingTimer, at now: Duration, _ actions: inout [Action]) {
        switch timer {
        case .watch: self.look(at: now, &actions)
        case .silence: self.lookAtSilence(at: now, &actions)
        case .lastAnswers(let life):
            guard self.channel.isStill(.draining, in: life) else { return }
            // The broker does not answer some of them at all.
            self.giveUpChannel(
                BrokerError(.unreachable, "the broker refuses some messages and does not answer others"),
                &actions
            )
        case .channelEnd(let life):
            guard self.channel.isStill(.closing, in: life) else { return }
            // A queue without a leader can block a channel inside the broker.
            self.giveUpChannel(
                BrokerError(.unreachable, "the broker does not close a channel that refuses messages"),
                &actions
            )
        case .backOff(let life):
            if self.channel.isStill(.backingOff, in: life) { self.openChannel(&actions) }
        case .end:
            if self.end == .wanted { self.finish(&actions) }
        }
    }

    // MARK: - Messages

    private mutating func wrote(
        _ item: Item,
        _ outcome: WriteOutcome,
        at now: Duration,
        _ actions: inout [Action]
    ) {
        switch outcome {
        case .sent: self.backlog.sent(item, at: now)
        case .postponed: self.backlog.putBack(item)
        case .unsendable: actions.append(.answer(item, .headersTooLarge))
        case .brokeStream(let error):
            actions.append(.answer(item, .headersTooLarge))
            self.giveUpConnection(error, &actions)
        case .failed(let error):
            self.backlog.putBack(item)
            self.giveUpConnection(error, &actions)
        }
    }

    private mutating func answered(
        _ number: UInt64,
        multiple: Bool,
        isPositive: Bool,
        at now: Duration,
        _ actions: inout [Action]
    ) {
        self.silence?.heard(at: now)
        self.watch.heard(at: now)
        self.backlog.answered(number, multiple: multiple) { sent in
            actions.append(.answer(sent.item, sent.isReturned ? .unroutable : isPositive ? .confirmed : .nacked))
        }
        if !isPositive, self.channel.refused(at: now) {
            actions.append(.log(.renewsChannel))
            actions.append(.arm(.lastAnswers(channel: self.channel.life), after: PublishingChannel.drainLimit))
        }
        if self.channel.state == .draining, self.backlog.unanswered == 0, self.channel.drained() {
            actions.append(.closeChannel)
            actions.append(.arm(.channelEnd(channel: self.channel.life), after: PublishingChannel.drainLimit))
        }
    }

    // MARK: - End

    /// Waits for unanswered messages until the limit, answers the remaining ones as abandoned, and ends.
    private mutating func close(within limit: Duration, _ actions: inout [Action]) {
        guard self.end == .notWanted else { return }
        self.end = .wanted
        if !self.isIdle { actions.append(.arm(.end, after: limit)) }
    }

    private mutating func finish(_ actions: inout [Action]) {
        self.end = .over
        let items = self.backlog.takeAll()
        if !items.isEmpty { actions.append(.answerAll(items, .abandoned)) }
        actions.append(.endConnection)
    }

    /// After the end no event has an effect, except that messages which still come are answered at once.
    private func answerAfterEnd(_ event: Event, _ actions: inout [Action]) {
        switch event {
        case .asked(let item), .wrote(let item, _): actions.append(.answer(item, .abandoned))
        case .givenBack(let items): if !items.isEmpty { actions.append(.answerAll(items, .abandoned)) }
        case .started, .forget, .close, .connected, .lost, .blocked, .unblocked, .channelOpened, .confirmsSelected,
            .channelClosed, .channelClosedByBroker, .answered, .returned, .due:
            break
        }
    }
}
