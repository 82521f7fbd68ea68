import CRabbitMQ
import DequeModule
import Logging
import Messaging
import Polling

/// Who decides by which connection messages go. Called on the loop's thread.
protocol PublishingSupervisor: AnyObject {
    /// These messages have made the broker close the channel, or stop: they are not on their way any more.
    func suspect(_ items: [PublishItem], because error: BrokerError)
    /// The broker does not answer these in time. They stay on their way.
    func suspectLate(_ items: [PublishItem], on connection: PublishingConnection)
    /// Nothing is answered on it, and the few messages that are on their way stay there: what is to come goes by another.
    func passBy(_ connection: PublishingConnection)
    /// Nothing is answered on the connection of the suspects, beginning with this one.
    func suspectsStandStill(behind item: PublishItem)
    /// The connection was lost with these on their way.
    ///
    /// - Returns: those that go out again by it.
    func withoutSuspects(_ items: [PublishItem]) -> [PublishItem]
    /// Reported when `reportsAnswers` is set.
    func answered(_ item: PublishItem, _ result: PublishResult)
}

/// A publishing connection on the thread of its loop. What is not confirmed when the connection breaks is sent
/// again on the next one: a duplicate with the same message id, never a loss.
///
/// A connection of its own, because the broker stops reading from connections that publish when it is short of
/// memory or disk, and acknowledgements must go on then (https://www.rabbitmq.com/docs/alarms).
final class PublishingConnection {
    private enum ChannelState {
        case closed
        case opening
        case selecting
        case ready
        /// A new one is due: nothing more is sent, and what is on its way is waited for.
        case draining
        case closing
    }

    private static let channel: UInt16 = 1
    /// Messages sent ahead of their confirms.
    private static let window = 4096
    /// How long a channel rests that was closed though nothing was on its way: there is no culprit to find.
    private static let rest = Duration.seconds(1)
    /// How long a channel that is to make room for a new one may wait for its last answers, and for its end.
    private static let drainLimit = Duration.seconds(3)
    /// Messages sent in one turn, before the confirms that have come in are looked at.
    private static let burst = 128
    /// Bytes sent between two looks at the socket, and about how many of them are no body.
    private static let checkedBytes = 32 << 10
    private static let usualHead = 512
    private static let congestionPause = Duration.milliseconds(2)

    private let loop: EventLoop
    private let logger: Logger
    /// Nil: the broker is never given up.
    private var silence: SilenceWatch?
    private let encoder = MessageEncoder()
    private var driver: ConnectionDriver?
    private var channelState = ChannelState.closed
    private var ledger = ConfirmLedger<PublishItem>()
    private var waiting = Deque<PublishItem>()
    /// Messages among which one has made the broker close the channel: they go out one at a time, so that the next
    /// close names its culprit.
    private var suspects = 0
    private var renewal = ChannelRenewal()
    /// How often a channel was to make room for a new one.
    private var renewals = 0
    private var blockedReason: String?
    private var isReturning: ReturnedMessage?
    private var hasBeenReached = false
    /// When the broker last answered a message.
    private var heardAt = ContinuousClock.now
    /// When it last began to take messages; what was sent before has been waiting for that.
    private var unblockedAt = ContinuousClock.now
    private weak var supervisor: (any PublishingSupervisor)?
    /// Nobody is told what is late; what is on its way when the channel is closed goes out again by this connection.
    private var isForSuspects = false
    /// Who takes what this connection has trouble with; nil when it has to cope itself.
    private var otherConnection: (any PublishingSupervisor)? { self.isForSuspects ? nil : self.supervisor }
    var reportsAnswers = false
    private var closeCompletion: (() -> Void)?
    private var isClosing = false
    private var isPumpingLater = false

    private struct ReturnedMessage {
        let exchange: String
        let routingKey: String
    }

    /// - Parameter giveUpAfter: how long the broker may answer nothing, once it has been reached, before what waits is
    ///   answered with `refused`: it is away, blocks, or confirms nothing. A broker that cannot be reached at first is
    ///   given up at once. Nil: it is never given up.
    init(
        addresses: AMQPAddresses,
        name: String,
        giveUpAfter: Duration?,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.loop = loop
        self.logger = logger
        let driver = try ConnectionDriver(
            addresses: addresses,
            role: .publishing,
            name: name,
            loop: loop,
            logger: logger,
            client: self
        )
        self.driver = driver
        if let giveUpAfter {
            self.silence = SilenceWatch(limit: giveUpAfter, loop: loop) { [weak self] in
                guard let self, self.hasBeenReached else { return false }
                return self.ledger.unanswered > 0 || !self.waiting.isEmpty
            } isTooLong: { [weak self] in
                self?.giveUp(after: giveUpAfter)
            }
        }
        loop.atTurnEnd { [weak self] in self?.pump() }
        driver.start()
    }

    /// From now on another connection takes what is late or makes the broker close the channel.
    func supervise(by supervisor: any PublishingSupervisor) {
        self.supervisor = supervisor
        self.watchLater()
    }

    /// It is that other connection: all its messages are suspects.
    func takeSuspects(for supervisor: any PublishingSupervisor) {
        self.supervisor = supervisor
        self.isForSuspects = true
        self.reportsAnswers = true
        self.watchLater()
    }

    /// To be called before messages are given to it.
    func beginsToWait() { self.silence?.begin() }

    func publish(_ item: PublishItem) { self.waiting.append(item) }

    /// Takes out what has not been sent and is meant.
    func withdraw(where isMeant: (PublishItem) -> Bool) -> [PublishItem] {
        let meant = self.waiting.filter(isMeant)
        if !meant.isEmpty { self.waiting.removeAll(where: isMeant) }
        return Array(meant)
    }

    /// Nothing waits or is on its way.
    var isIdle: Bool { self.waiting.isEmpty && self.ledger.unanswered == 0 }

    /// Forgets what it has, and ends the connection: what the broker still answers on it is not heard any more.
    func forgetAll() {
        _ = self.ledger.reset()
        self.waiting.removeAll()
        self.suspects = 0
        self.breakOff(because: BrokerError(.unreachable, "suspects take turns on another connection"))
    }

    private func breakOff(because error: BrokerError) {
        self.channelState = .closed
        self.driver?.fail(error)
    }

    /// Sends as much as the window allows.
    private func pump() {
        guard self.channelState == .ready, self.blockedReason == nil, let connection = self.driver?.connection else {
            return
        }
        let window = self.suspects > 0 ? 1 : Self.window
        var sent = 0
        let now = ContinuousClock.now
        var unchecked = Self.checkedBytes
        while self.ledger.unanswered < window, sent < Self.burst, let next = self.waiting.first {
            if unchecked >= Self.checkedBytes {
                guard connection.takesMore else { return self.pumpLater() }
                unchecked = 0
            }
            self.waiting.removeFirst()
            guard self.send(next, on: connection, at: now) else { return }
            sent += 1
            unchecked += next.message.body.count + Self.usualHead
        }
        if sent == Self.burst, !self.waiting.isEmpty { self.loop.continueAtOnce() }
        self.finishClosingIfIdle()
    }

    /// The broker does not read as fast. A write would block the thread, and with it the other publishing connection.
    private func pumpLater() {
        guard !self.isPumpingLater else { return }
        self.isPumpingLater = true
        self.loop.schedule(after: Self.congestionPause) { [weak self] in
            // The turn that it makes ends with a pump.
            self?.isPumpingLater = false
        }
    }

    /// Sends one message; false when the connection has failed.
    private func send(_ item: PublishItem, on connection: ConnectionHandle, at now: ContinuousClock.Instant) -> Bool {
        let message = item.message
        guard let status = self.encoder.publish(message, on: connection, channel: Self.channel) else {
            self.answer(item, .headersTooLarge)
            return true
        }
        switch status {
        case AMQP_STATUS_OK.rawValue:
            break
        case AMQP_STATUS_TABLE_TOO_BIG.rawValue, AMQP_STATUS_BAD_AMQP_DATA.rawValue:
            // Nothing of it has reached the socket: the header frame is encoded before it is written, but the
            // method frame went out, so this channel's stream is broken.
            self.answer(item, .headersTooLarge)
            self.driver?.fail(.status(status, while: "writing to", at: connection.address))
            return false
        default:
            self.waiting.prepend(item)
            self.driver?.fail(.status(status, while: "writing to", at: connection.address))
            return false
        }
        self.ledger.sent(
            item,
            messageID: message.properties.messageID,
            exchange: message.exchange,
            routingKey: message.routingKey,
            at: now
        )
        if !message.body.isEmpty, message.body.count % (ConnectionHandle.frameSize - 8) == 0 {
            connection.pushHeldBack()
        }
        return true
    }

    // MARK: - Answers of the broker

    private func received(_ answered: [ConfirmLedger<PublishItem>.Sent], isPositive: Bool) {
        self.silence?.heard()
        self.heardAt = .now
        for entry in answered {
            if self.suspects > 0 { self.suspects -= 1 }
            self.answer(entry.item, entry.isReturned ? .unroutable : isPositive ? .confirmed : .nacked)
        }
        if !isPositive, self.channelState == .ready, self.renewal.refused(at: self.heardAt) {
            self.renewChannel()
        }
        self.closeChannelIfDrained()
    }

    private func renewChannel() {
        self.logger.notice("the broker goes on refusing messages; trying another channel")
        self.channelState = .draining
        self.renewals += 1
        let renewal = self.renewals
        self.loop.schedule(after: Self.drainLimit) { [weak self] in
            guard let self, self.channelState == .draining, self.renewals == renewal else { return }
            // Some are not answered at all: they go out again, by the connection of the suspects if there is one.
            let error = BrokerError(.unreachable, "the broker refuses some messages and does not answer others")
            let unanswered = self.ledger.reset()
            self.breakOff(because: error)
            if let other = self.otherConnection {
                other.suspect(unanswered, because: error)
            } else {
                self.waiting.prepend(contentsOf: unanswered)
            }
        }
    }

    private func closeChannelIfDrained() {
        guard self.channelState == .draining, self.ledger.unanswered == 0 else { return }
        self.channelState = .closing
        var close = amqp_channel_close_t()
        close.reply_code = 200
        self.driver?.send(AMQP_CHANNEL_CLOSE_METHOD, on: Self.channel, close)
        let renewal = self.renewals
        self.loop.schedule(after: Self.drainLimit) { [weak self] in
            // A channel may be stuck in the broker behind a queue without a leader.
            guard let self, self.channelState == .closing, self.renewals == renewal else { return }
            self.breakOff(
                because: BrokerError(.unreachable, "the broker does not close a channel that refuses messages")
            )
        }
    }

    private func answer(_ item: PublishItem, _ result: PublishResult) {
        item.answer(result)
        if self.reportsAnswers { self.supervisor?.answered(item, result) }
    }

    private func channelClosed(_ error: BrokerError) {
        self.channelState = .closed
        self.driver?.send(AMQP_CHANNEL_CLOSE_OK_METHOD, on: Self.channel, amqp_channel_close_ok_t())
        let unanswered = self.ledger.reset()
        if unanswered.count == 1 {
            self.suspects = max(0, self.suspects - 1)
            unanswered[0].answer(.refused(error))
            self.supervisor?.answered(unanswered[0], .refused(error))
        } else if !unanswered.isEmpty, let other = self.otherConnection {
            other.suspect(unanswered, because: error)
        } else {
            self.suspects = max(self.suspects, unanswered.count)
            self.waiting.prepend(contentsOf: unanswered)
        }
        guard unanswered.isEmpty else { return self.openChannel() }
        self.loop.schedule(after: Self.rest) { [weak self] in
            guard let self, self.channelState == .closed, self.driver?.connection != nil else { return }
            self.openChannel()
        }
    }

    private func openChannel() {
        self.channelState = .opening
        self.renewal.channelIsNew()
        self.driver?.send(AMQP_CHANNEL_OPEN_METHOD, on: Self.channel, amqp_channel_open_t())
    }

    /// Refuses all that waits, and ends the connection: what the broker still answers on it has lost its meaning.
    private func giveUp(after limit: Duration) {
        guard let driver = self.driver else { return }
        let isConnected = driver.connection != nil
        let error =
            (isConnected ? nil : driver.lastError)
            ?? .silence(of: driver.address, for: limit, blockedBecause: self.blockedReason)
        self.suspects = 0
        if isConnected { self.breakOff(because: error) } else { self.channelState = .closed }
        for item in self.ledger.reset() { item.answer(.refused(error)) }
        while let item = self.waiting.popFirst() { item.answer(.refused(error)) }
    }

    // MARK: - What is late

    /// The connection is gone. It may have been because the broker had stopped reading.
    private func takeBack(because error: BrokerError) {
        let stoodStill = self.verdict(at: .now) == .standsStill
        let unanswered = self.ledger.reset()
        guard let other = self.otherConnection, !self.isClosing else {
            self.waiting.prepend(contentsOf: unanswered)
            return
        }
        if stoodStill {
            other.suspect(unanswered, because: error)
        } else {
            self.waiting.prepend(contentsOf: other.withoutSuspects(unanswered))
        }
    }

    private func verdict(at now: ContinuousClock.Instant) -> PublishWatch.Verdict {
        let isOpen = self.channelState == .ready || self.channelState == .draining
        guard isOpen, self.blockedReason == nil else { return .well }
        return PublishWatch.judge(
            unanswered: self.ledger.unanswered,
            oldest: self.ledger.oldest.map { max($0, self.unblockedAt) },
            heard: self.heardAt,
            at: now
        )
    }

    private func watchLater() {
        self.loop.schedule(after: PublishWatch.interval) { [weak self] in
            guard let self, !self.isClosing else { return }
            self.look(at: .now)
            self.watchLater()
        }
    }

    private func lateItems(at now: ContinuousClock.Instant) -> [PublishItem] {
        self.ledger.unanswered(sentBefore: now - PublishWatch.late).map(\.item)
    }

    private func look(at now: ContinuousClock.Instant) {
        guard let driver = self.driver else { return }
        let verdict = self.verdict(at: now)
        guard !self.isForSuspects else {
            if verdict == .isBlocked, let first = self.ledger.unanswered(sentBefore: now).first {
                self.supervisor?.suspectsStandStill(behind: first.item)
            }
            return
        }
        switch verdict {
        case .well:
            return
        case .isBlocked:
            self.supervisor?.suspectLate(self.lateItems(at: now), on: self)
            self.supervisor?.passBy(self)
        case .suspectLate:
            self.supervisor?.suspectLate(self.lateItems(at: now), on: self)
        case .standsStill:
            let error = BrokerError.silence(of: driver.address, for: PublishWatch.silence, blockedBecause: nil)
            let unanswered = self.ledger.reset()
            self.breakOff(because: error)
            self.supervisor?.suspect(unanswered, because: error)
        }
    }

    // MARK: - End

    /// Waits for what is under way until the deadline, answers the rest as abandoned, and closes.
    func close(within limit: Duration, _ completion: @escaping () -> Void) {
        guard !self.isClosing else { return completion() }
        self.isClosing = true
        self.closeCompletion = completion
        self.loop.schedule(after: limit) { [weak self] in self?.finishClosing() }
        self.finishClosingIfIdle()
    }

    private func finishClosingIfIdle() {
        if self.isClosing, self.isIdle { self.finishClosing() }
    }

    private func finishClosing() {
        guard let completion = self.closeCompletion else { return }
        self.closeCompletion = nil
        for item in self.ledger.reset() { item.answer(.abandoned) }
        while let item = self.waiting.popFirst() { item.answer(.abandoned) }
        self.driver?.stop(completion)
    }
}

extension PublishingConnection: ConnectionClient {
    func connected(_ connection: ConnectionHandle) {
        self.blockedReason = nil
        self.heardAt = .now
        if !self.hasBeenReached {
            self.silence?.begin()
            self.hasBeenReached = true
        }
        self.openChannel()
    }

    func received(_ frame: inout amqp_frame_t) {
        if Int32(frame.frame_type) == AMQP_FRAME_HEADER, let returned = self.isReturning {
            self.isReturning = nil
            let properties = frame.payload.properties.decoded?
                .assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
            let hasID = properties.map { $0._flags & amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG) != 0 } ?? false
            self.ledger.returned(
                messageID: hasID ? properties?.message_id.text : nil,
                exchange: returned.exchange,
                routingKey: returned.routingKey
            )
            return
        }
        guard Int32(frame.frame_type) == AMQP_FRAME_METHOD else { return }
        switch frame.payload.method.id {
        case AMQP_BASIC_ACK_METHOD:
            guard let ack = frame.method(as: amqp_basic_ack_t.self) else { return }
            self.received(self.ledger.answered(ack.delivery_tag, multiple: ack.multiple != 0), isPositive: true)
        case AMQP_BASIC_NACK_METHOD:
            guard let nack = frame.method(as: amqp_basic_nack_t.self) else { return }
            self.received(self.ledger.answered(nack.delivery_tag, multiple: nack.multiple != 0), isPositive: false)
        case AMQP_BASIC_RETURN_METHOD:
            guard let returned = frame.method(as: amqp_basic_return_t.self) else { return }
            self.isReturning = ReturnedMessage(
                exchange: returned.exchange.text,
                routingKey: returned.routing_key.text
            )
        case AMQP_CHANNEL_OPEN_OK_METHOD:
            self.channelState = .selecting
            self.driver?.send(AMQP_CONFIRM_SELECT_METHOD, on: Self.channel, amqp_confirm_select_t(nowait: 0))
        case AMQP_CONFIRM_SELECT_OK_METHOD:
            self.channelState = .ready
        case AMQP_CHANNEL_CLOSE_OK_METHOD where self.channelState == .closing:
            // The numbers of the next channel begin anew.
            _ = self.ledger.reset()
            self.openChannel()
        case AMQP_CHANNEL_CLOSE_METHOD:
            guard let close = frame.method(as: amqp_channel_close_t.self) else { return }
            self.channelClosed(
                .closed(
                    code: close.reply_code,
                    text: close.reply_text.text,
                    while: "publishing to",
                    at: self.driver?.address
                )
            )
        default:
            break
        }
    }

    func drained() {}

    func lost(_ error: BrokerError) {
        self.isReturning = nil
        self.takeBack(because: error)
        self.channelState = .closed
        guard self.silence != nil, error.kind == .accessRefused || !self.hasBeenReached else { return }
        while let item = self.waiting.popFirst() { item.answer(.refused(error)) }
    }

    func blocked(_ reason: String?) {
        self.blockedReason = reason
        if let reason {
            self.logger.warning("the broker takes no messages for now", metadata: ["reason": "\(reason)"])
        } else {
            self.unblockedAt = .now
            self.heardAt = .now
            self.logger.notice("the broker takes messages again")
        }
    }
}
