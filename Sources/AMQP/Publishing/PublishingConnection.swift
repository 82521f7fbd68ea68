import CRabbitMQ
import EventLoops
import Logging
import Messaging

/// Decides on which connection messages are sent. Called on the loop's thread.
protocol PublishingSupervisor: AnyObject {
    /// These messages made the broker close the channel, or stop answering. They are not on their way any more.
    func suspect(_ items: [PublishItem], because error: BrokerError)
    /// The broker has not answered these messages in time. They stay on their way.
    func suspectLate(_ items: [PublishItem], on connection: PublishingConnection)
    /// The broker answers nothing on this connection. The few messages that are on their way stay there; further ones
    /// are to be sent on another connection.
    func retire(_ connection: PublishingConnection)
    /// The broker answers nothing on the connection for suspects; this message is the first in line.
    func suspectsStandStill(behind item: PublishItem)
    /// The connection was lost with these messages on their way.
    ///
    /// - Returns: the messages that are to be sent on it again.
    func withoutSuspects(_ items: [PublishItem]) -> [PublishItem]
    /// The broker has answered a message. Called when `reportsAnswers` is set, and for a message that has made the
    /// broker close the channel.
    func answered(_ item: PublishItem, _ result: PublishResult)
}

/// A publishing connection on the thread of its loop: carries out what `PublishingState` decides.
///
/// Publishing has connections of its own: the broker stops reading from connections that publish when it is short of
/// memory or disk, and acknowledgements must go on then (https://www.rabbitmq.com/docs/alarms).
final class PublishingConnection {
    private static let channel: UInt16 = 1
    /// The most messages sent in one turn, before the confirms that have arrived are handled.
    private static let burst = 128
    /// Bytes sent between two checks of whether the socket takes more.
    private static let checkedBytes = 32 << 10
    /// Estimated bytes that a message takes beside its body.
    private static let estimatedOverhead = 512
    private static let congestionPause = Duration.milliseconds(2)

    private let loop: EventLoop
    /// The moment from which the state's times are counted.
    private let origin = ContinuousClock.now
    private let logger: Logger
    private let encoder = MessageEncoder()
    private(set) var driver: ConnectionDriver?
    private var state: PublishingState<PublishItem>
    /// Actions that are not carried out yet. The array keeps its memory, so a burst of answers allocates none.
    private var actions: [PublishingAction<PublishItem>] = []
    private var isPerforming = false
    var returns = ReturnAssembly()
    /// Decides on which connection messages are sent; `nil` when there is only this one.
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

    /// Must be called directly after `init` if there are other publishing connections.
    func supervise(by supervisor: any PublishingSupervisor) { self.supervisor = supervisor }

    func publish(_ item: PublishItem, at now: ContinuousClock.Instant) {
        self.handle(.asked(item), at: self.origin.duration(to: now))
    }

    /// Takes the unsent messages that the condition selects.
    func withdraw(where isIncluded: (PublishItem) -> Bool) -> [PublishItem] { self.state.withdraw(where: isIncluded) }

    /// Whether no message waits or is on its way.
    var isIdle: Bool { self.state.isIdle }

    /// Forgets all messages and gives up the connection, so that the broker's late answers are not heard.
    func forgetAll() { self.handle(.forget) }

    /// Waits for unanswered messages until the deadline, answers the remaining ones as abandoned, and closes.
    func close(within limit: Duration, _ completion: @escaping () -> Void) {
        guard !self.state.isEnding else { return completion() }
        self.closeCompletion = completion
        self.handle(.close(within: limit))
    }

    // MARK: - Events and actions

    func handle(_ event: PublishingEvent<PublishItem>) { self.handle(event, at: self.origin.duration(to: .now)) }

    /// Carries out the actions in their order. A completion may publish again: the actions of that come last.
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
        case .retire:
            self.supervisor?.retire(self)
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
            // The completion may hold a reference to this connection.
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

    /// Sends as many messages as are allowed and as the socket takes.
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
            unchecked += item.message.body.count + Self.estimatedOverhead
        }
    }

    /// The broker does not read fast enough. A write would block the thread, and with it the other publishing
    /// connections.
    private func pumpLater() {
        guard !self.isPumpingLater else { return }
        self.isPumpingLater = true
        self.loop.schedule(after: Self.congestionPause) { [weak self] in
            // The turn in which this timer runs ends with `pump`.
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
            // The header frame could not be encoded and was not written, but the method frame before it was sent, so
            // the channel's stream is broken.
            return .brokeStream(.status(status, while: "writing to", at: connection.address))
        default:
            return .failed(.status(status, while: "writing to", at: connection.address))
        }
    }
}
