import CRabbitMQ
import EventLoops
import Logging
import Messaging

/// Who decides by which connection messages go. Called on the loop's thread.
protocol PublishingSupervisor: AnyObject {
    /// These messages have made the broker close the channel, or stop: they are not on their way any more.
    func suspect(_ items: [PublishItem], because error: BrokerError)
    /// The broker does not answer these in time. They stay on their way.
    func suspectLate(_ items: [PublishItem], on connection: PublishingConnection)
    /// Nothing is answered on it, and the few messages that are on their way stay there: what is to come goes by
    /// another.
    func passBy(_ connection: PublishingConnection)
    /// Nothing is answered on the connection of the suspects, beginning with this one.
    func suspectsStandStill(behind item: PublishItem)
    /// The connection was lost with these on their way.
    ///
    /// - Returns: those that go out again by it.
    func withoutSuspects(_ items: [PublishItem]) -> [PublishItem]
    /// Reported when `reportsAnswers` is set, and of a message that has made the broker close the channel.
    func answered(_ item: PublishItem, _ result: PublishResult)
}

/// A publishing connection on the thread of its loop: carries out what `PublishingState` decides.
///
/// A connection of its own, because the broker stops reading from connections that publish when it is short of
/// memory or disk, and acknowledgements must go on then (https://www.rabbitmq.com/docs/alarms).
final class PublishingConnection {
    private static let channel: UInt16 = 1
    /// Messages sent in one turn, before the confirms that have come in are looked at.
    private static let burst = 128
    /// Bytes sent between two looks at the socket, and about how many of them are no body.
    private static let checkedBytes = 32 << 10
    private static let usualHead = 512
    private static let congestionPause = Duration.milliseconds(2)

    private let loop: EventLoop
    /// The moment from which the state's times are counted.
    private let origin = ContinuousClock.now
    private let logger: Logger
    private let encoder = MessageEncoder()
    private(set) var driver: ConnectionDriver?
    private var state: PublishingState<PublishItem>
    /// Not carried out yet. The room is kept: a burst of answers needs no new one.
    private var actions: [PublishingAction<PublishItem>] = []
    private var isPerforming = false
    var returns = ReturnAssembly()
    /// Decides by which connection messages go; nil when there is no other one.
    private weak var supervisor: (any PublishingSupervisor)?
    var reportsAnswers = false
    private var closeCompletion: (() -> Void)?
    private var isPumpingLater = false

    init(
        addresses: AMQPAddresses,
        name: String,
        role: PublishingRole,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.loop = loop
        self.logger = logger
        self.state = PublishingState(role: role, at: .zero)
        let driver = try ConnectionDriver(
            addresses: addresses,
            role: .publishing,
            name: name,
            loop: loop,
            logger: logger,
            client: self
        )
        self.driver = driver
        loop.atTurnEnd { [weak self] in self?.pump() }
        driver.start()
        self.handle(.started)
    }

    /// To be called at once, if it has a role beside another connection.
    func supervise(by supervisor: any PublishingSupervisor) { self.supervisor = supervisor }

    func publish(_ item: PublishItem, at now: ContinuousClock.Instant) {
        self.handle(.asked(item), at: self.origin.duration(to: now))
    }

    /// Takes out what has not been sent and is meant.
    func withdraw(where isMeant: (PublishItem) -> Bool) -> [PublishItem] { self.state.withdraw(where: isMeant) }

    /// Nothing waits or is on its way.
    var isIdle: Bool { self.state.isIdle }

    /// Forgets what it has, and ends the connection: what the broker still answers on it is not heard any more.
    func forgetAll() { self.handle(.forget) }

    /// Waits for what is under way until the deadline, answers the rest as abandoned, and closes.
    func close(within limit: Duration, _ completion: @escaping () -> Void) {
        guard !self.state.isEnding else { return completion() }
        self.closeCompletion = completion
        self.handle(.close(within: limit))
    }

    // MARK: - Events and actions

    func handle(_ event: PublishingEvent<PublishItem>) { self.handle(event, at: self.origin.duration(to: .now)) }

    /// What is decided while actions are carried out, because somebody who was told publishes again, comes after them.
    private func handle(_ event: PublishingEvent<PublishItem>, at now: Duration) {
        self.state.handle(event, at: now, &self.actions)
        guard !self.isPerforming, !self.actions.isEmpty else { return }
        self.isPerforming = true
        var index = 0
        while index < self.actions.count {
            self.perform(self.actions[index])
            index += 1
        }
        self.actions.removeAll(keepingCapacity: true)
        self.isPerforming = false
    }

    private func perform(_ action: PublishingAction<PublishItem>) {
        switch action {
        case .answer(let item, let result):
            item.answer(result)
            if self.reportsAnswers { self.supervisor?.answered(item, result) }
        case .answerAll(let items, let result):
            for item in items { item.answer(result) }
        case .refuse(let item, let error):
            item.answer(.refused(error))
            self.supervisor?.answered(item, .refused(error))
        case .handOver(let items, let how):
            self.handOver(items, how)
        case .suspectLate(let items):
            self.supervisor?.suspectLate(items, on: self)
        case .passBy:
            self.supervisor?.passBy(self)
        case .changeOrder(let item):
            self.supervisor?.suspectsStandStill(behind: item)
        case .openChannel:
            self.driver?.send(AMQP_CHANNEL_OPEN_METHOD, on: Self.channel, amqp_channel_open_t())
        case .selectConfirms:
            self.driver?.send(AMQP_CONFIRM_SELECT_METHOD, on: Self.channel, amqp_confirm_select_t(nowait: 0))
        case .closeChannel:
            var close = amqp_channel_close_t()
            close.reply_code = 200
            self.driver?.send(AMQP_CHANNEL_CLOSE_METHOD, on: Self.channel, close)
        case .confirmChannelClose:
            self.driver?.send(AMQP_CHANNEL_CLOSE_OK_METHOD, on: Self.channel, amqp_channel_close_ok_t())
        case .breakConnection(let error):
            self.driver?.fail(error)
        case .endConnection:
            // It may hold this connection.
            let completion = self.closeCompletion
            self.closeCompletion = nil
            self.driver?.stop { completion?() }
        case .arm(let timer, let delay):
            self.loop.schedule(after: delay) { [weak self] in self?.handle(.due(timer)) }
        case .log(let note):
            self.log(note)
        }
    }

    private func handOver(_ items: [PublishItem], _ how: HandOver) {
        guard let supervisor = self.supervisor else { return self.handle(.givenBack(items)) }
        switch how {
        case .asSuspects(let error): supervisor.suspect(items, because: error)
        case .sortedOut: self.handle(.givenBack(supervisor.withoutSuspects(items)))
        }
    }

    private func log(_ note: PublishingNote) {
        switch note {
        case .renewsChannel:
            self.logger.notice("the broker goes on refusing messages; trying another channel")
        case .blocked(let reason):
            self.logger.warning("the broker takes no messages for now", metadata: ["reason": "\(reason)"])
        case .unblocked:
            self.logger.notice("the broker takes messages again")
        }
    }

    // MARK: - Sending

    /// Sends as much as may be sent and the socket takes.
    private func pump() {
        guard let connection = self.driver?.connection else { return }
        var sent = 0
        var unchecked = Self.checkedBytes
        var now = Duration.zero
        while let item = self.state.takeNext() {
            if sent == 0 { now = self.origin.duration(to: .now) }
            guard sent < Self.burst else {
                self.loop.continueAtOnce()
                return self.handle(.wrote(item, .postponed), at: now)
            }
            if unchecked >= Self.checkedBytes {
                guard connection.takesMore else {
                    self.pumpLater()
                    return self.handle(.wrote(item, .postponed), at: now)
                }
                unchecked = 0
            }
            self.handle(.wrote(item, self.write(item, on: connection)), at: now)
            sent += 1
            unchecked += item.message.body.count + Self.usualHead
        }
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

    private func write(_ item: PublishItem, on connection: ConnectionHandle) -> WriteOutcome {
        let message = item.message
        guard let status = self.encoder.publish(message, on: connection, channel: Self.channel) else {
            return .unsendable
        }
        switch status {
        case AMQP_STATUS_OK.rawValue:
            if !message.body.isEmpty, message.body.count % (ConnectionHandle.frameSize - 8) == 0 {
                connection.pushHeldBack()
            }
            return .sent
        case AMQP_STATUS_TABLE_TOO_BIG.rawValue, AMQP_STATUS_BAD_AMQP_DATA.rawValue:
            // Nothing of it has reached the socket: the header frame is encoded before it is written, but the
            // method frame went out, so this channel's stream is broken.
            return .brokeStream(.status(status, while: "writing to", at: connection.address))
        default:
            return .failed(.status(status, while: "writing to", at: connection.address))
        }
    }
}
