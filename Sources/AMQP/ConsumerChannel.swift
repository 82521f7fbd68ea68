import CRabbitMQ
import EventLoops
import Messaging

/// One subscription. It has a channel of its own, so an error of one queue never affects another.
final class ConsumerChannel {
    let number: UInt16
    let id: SubscriptionID
    let subscription: Subscription
    let handler: (SubscriptionEvent) -> Void
    private let driver: ConnectionDriver
    private let loop: EventLoop
    private var lifecycle = ConsumerLifecycle()
    private var backoff = ReconnectBackoff()
    private var settlements: SettlementSender
    private var assembly: DeliveryAssembly
    private var batch: [Delivery] = []
    /// The number of the channel's current life, unique among all channels of the intake.
    private(set) var generation: UInt32 = 0
    private let generations: ChannelGenerations
    private var collectingTimer: TimerID?
    private var leaveTimer: TimerID?
    private let tag: [UInt8]
    /// Whether its connection serves no other consumer.
    private let isAlone: Bool
    private let moveAway: (ConsumerChannel, BrokerError) -> Void
    /// The connection that owns this channel.
    weak var connection: ConsumingConnection?
    /// Whether it has asked its connection for a flush at the end of the turn.
    var needsFlush = false

    /// - Parameters:
    ///   - generations: shared by all channels of the intake, so that a delivery tag of one is never mistaken for a tag
    ///     of another.
    ///   - moveAway: asks for a replacement on a connection of its own; this channel reports nothing more.
    init(
        number: UInt16,
        id: SubscriptionID,
        subscription: Subscription,
        bodyLimit: UInt64,
        generations: ChannelGenerations,
        isAlone: Bool,
        driver: ConnectionDriver,
        loop: EventLoop,
        moveAway: @escaping (ConsumerChannel, BrokerError) -> Void,
        handler: @escaping (SubscriptionEvent) -> Void
    ) {
        self.number = number
        self.generations = generations
        self.isAlone = isAlone
        self.moveAway = moveAway
        self.id = id
        self.subscription = subscription
        self.driver = driver
        self.loop = loop
        self.handler = handler
        self.assembly = DeliveryAssembly(bodyLimit: bodyLimit)
        self.settlements = SettlementSender(channel: number, prefetch: subscription.prefetch, driver: driver)
        self.tag = Array("warren-\(number)".utf8)
    }

    /// Asks the connection to flush this channel at the end of the turn.
    func requestFlush() {
        guard !self.needsFlush else { return }
        self.needsFlush = true
        self.connection?.note(self)
    }

    func connected() { self.perform(self.lifecycle.connected()) }

    func lost(_ error: BrokerError) {
        self.batch.removeAll()
        self.perform(self.lifecycle.connectionLost(error))
    }

    /// Whether it waits for a connection.
    var isConnecting: Bool { self.lifecycle.state == .disconnected }

    /// Whether nothing will come from it again; its number is free then.
    var isOver: Bool { self.lifecycle.state == .over }

    var isWanted: Bool { self.lifecycle.isWanted }

    func unsubscribe(_ departure: UnsubscribeMode) { self.perform(self.lifecycle.unsubscribe(departure)) }

    func abandon() {
        self.flush(atOnce: true)
        self.batch.removeAll()
        self.perform(self.lifecycle.abandon())
    }

    func renew(_ error: BrokerError) {
        let actions = self.lifecycle.renew(error)
        guard !actions.isEmpty else { return }
        self.batch.removeAll()
        self.perform(actions)
    }

    func received(_ frame: inout amqp_frame_t) {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_BODY:
            if self.assembly.body(&frame) { self.completeDelivery() }
        case AMQP_FRAME_HEADER:
            if self.assembly.header(&frame) { self.completeDelivery() }
        default:
            self.receivedMethod(&frame)
        }
    }

    private func receivedMethod(_ frame: inout amqp_frame_t) {
        switch frame.payload.method.id {
        case AMQP_BASIC_DELIVER_METHOD:
            if let deliver = frame.method(as: amqp_basic_deliver_t.self) { self.assembly.begin(deliver) }
        case AMQP_CHANNEL_OPEN_OK_METHOD: self.perform(self.lifecycle.opened())
        case AMQP_BASIC_QOS_OK_METHOD: self.perform(self.lifecycle.limited())
        case AMQP_BASIC_CONSUME_OK_METHOD: self.perform(self.lifecycle.subscribed())
        case AMQP_BASIC_CANCEL_OK_METHOD:
            self.handOver()
            self.perform(self.lifecycle.cancelConfirmed())
        case AMQP_CHANNEL_CLOSE_OK_METHOD: self.perform(self.lifecycle.channelCloseConfirmed())
        case AMQP_BASIC_CANCEL_METHOD:
            // When we cancel the consumer ourselves, the channel stays open and its deliveries stay valid.
            if self.lifecycle.state == .cancelling { self.handOver() } else { self.batch.removeAll() }
            let error = BrokerError(
                .notFound,
                "the broker cancelled the consumer of queue '\(self.subscription.queue)': the queue was deleted or "
                    + "lost its leader, or an event was not settled within the consumer timeout (RabbitMQ 4.3)"
            )
            self.perform(self.lifecycle.cancelledByBroker(error))
        case AMQP_CHANNEL_CLOSE_METHOD:
            self.batch.removeAll()
            guard let close = frame.method(as: amqp_channel_close_t.self) else { return }
            let error = BrokerError.closed(
                code: close.reply_code,
                text: close.reply_text.text,
                while: "consuming '\(self.subscription.queue)' at",
                at: self.driver.address
            )
            self.perform(self.lifecycle.channelClosedByBroker(error))
        default:
            break
        }
    }

    private func completeDelivery() {
        let delivery = self.assembly.finish(generation: self.generation)
        // RabbitMQ may deliver before it confirms basic.consume.
        guard self.lifecycle.canSettle || self.lifecycle.state == .subscribing else { return }
        self.settlements.delivered(delivery.tag.value)
        self.batch.append(delivery)
        self.requestFlush()
    }

    /// Hands over the deliveries that have arrived since the last call.
    func handOver() {
        guard !self.batch.isEmpty else { return }
        let batch = self.batch
        self.batch = []
        self.batch.reserveCapacity(batch.count)
        self.handler(.deliveries(batch))
    }

    private func perform(_ actions: [ConsumerLifecycle.Action]) {
        self.requestFlush()
        for action in actions { self.perform(action) }
    }

    private func perform(_ action: ConsumerLifecycle.Action) {
        switch action {
        case .open:
            self.generation = self.generations.next()
            self.settlements.begin()
            self.driver.send(AMQP_CHANNEL_OPEN_METHOD, on: self.number, amqp_channel_open_t())
            self.watchForAnswers()
        case .limit:
            // Per consumer: quorum queues refuse `global` (RabbitMQ 4.0) or ignore it (4.3).
            let qos = amqp_basic_qos_t(prefetch_size: 0, prefetch_count: self.subscription.prefetch, global: 0)
            self.driver.send(AMQP_BASIC_QOS_METHOD, on: self.number, qos)
        case .consume:
            self.sendConsume()
        case .cancel:
            self.withBytes(of: self.tag) { tag in
                let cancel = amqp_basic_cancel_t(consumer_tag: tag, nowait: 0)
                self.driver.send(AMQP_BASIC_CANCEL_METHOD, on: self.number, cancel)
            }
            self.watchForEnd()
        case .sendLastAcks:
            self.sendLastAcks()
        case .closeChannel:
            var close = amqp_channel_close_t()
            close.reply_code = 200
            self.driver.send(AMQP_CHANNEL_CLOSE_METHOD, on: self.number, close)
            self.watchForEnd()
        case .confirmChannelClose:
            self.driver.send(AMQP_CHANNEL_CLOSE_OK_METHOD, on: self.number, amqp_channel_close_ok_t())
        case .backOff:
            self.loop.schedule(after: self.backoff.wait()) { [weak self] in
                guard let self else { return }
                self.perform(self.lifecycle.backedOff())
            }
        case .reportActive:
            self.backoff.reset()
            self.handler(.active)
        case .reportEnded:
            self.handler(.ended)
        case .reportInterrupted(let what, let error):
            // The loss of a connection of its own concerns this consumer only.
            self.handler(.interrupted(what == .connection && self.isAlone ? .channel : what, error))
        case .moveAway(let error):
            self.moveAway(self, error)
        case .breakConnection(let error):
            self.driver.fail(error)
        }
    }

    /// How long the broker may take to start a consumer, from opening the channel, and to confirm its end.
    private static let answerLimit = Duration.seconds(30)

    private func watchForAnswers() {
        let generation = self.generation
        self.loop.schedule(after: Self.answerLimit) { [weak self] in
            guard let self, self.generation == generation else { return }
            let error = BrokerError(
                .unreachable,
                "\(self.driver.address) has not begun to deliver from queue '\(self.subscription.queue)' within "
                    + "\(Self.answerLimit.words); see whether the queue has a leader (rabbitmq-queues quorum_status)"
            )
            self.perform(self.lifecycle.wentUnanswered(error))
        }
    }

    private func watchForEnd() {
        let generation = self.generation
        self.loop.schedule(after: Self.answerLimit) { [weak self] in
            guard let self, self.generation == generation else { return }
            let error = BrokerError(
                .unreachable,
                "\(self.driver.address) has not ended the consumer of queue '\(self.subscription.queue)' within "
                    + "\(Self.answerLimit.words); see whether the queue has a leader (rabbitmq-queues quorum_status)"
            )
            self.perform(self.lifecycle.endWentUnanswered(error, isAlone: self.isAlone))
        }
    }

    private func sendConsume() {
        self.withBytes(of: Array(self.subscription.queue.utf8)) { queue in
            self.withBytes(of: self.tag) { tag in
                amqp_pool_t.with { pool in
                    pool.with(self.subscription.arguments) { arguments in
                        var consume = amqp_basic_consume_t()
                        consume.queue = queue
                        consume.consumer_tag = tag
                        consume.arguments = arguments
                        self.driver.send(AMQP_BASIC_CONSUME_METHOD, on: self.number, consume)
                    }
                }
            }
        }
    }

    private func withBytes(of bytes: [UInt8], _ body: (amqp_bytes_t) -> Void) {
        var bytes = bytes
        bytes.withUnsafeMutableBytes { body(amqp_bytes_t(len: $0.count, bytes: $0.baseAddress)) }
    }

    // MARK: - Settlement

    private func isCurrent(_ tag: DeliveryTag) -> Bool {
        tag.generation == self.generation && self.lifecycle.canSettle
    }

    func acknowledge(_ tag: DeliveryTag) { self.settle(tag) { $0.acknowledge($1) } }

    func requeue(_ tag: DeliveryTag) { self.settleMessage(tag) { $0.requeue($1) } }

    func reject(_ tag: DeliveryTag) { self.settleMessage(tag) { $0.reject($1) } }

    /// Where a settlement is no more than credit for further deliveries, each one is an acknowledgement.
    private func settleMessage(_ tag: DeliveryTag, _ body: (inout SettlementSender, UInt64) -> Void) {
        switch self.subscription.settling {
        case .message: self.settle(tag, body)
        case .credit: self.acknowledge(tag)
        }
    }

    private func settle(_ tag: DeliveryTag, _ body: (inout SettlementSender, UInt64) -> Void) {
        guard self.isCurrent(tag) else { return }
        body(&self.settlements, tag.value)
        self.requestFlush()
    }

    /// How long acknowledgements may be collected. Each is a command of its own in a quorum queue's log, so a few large
    /// ones are far cheaper for the broker than many small ones. Deliveries that are handled but not yet acknowledged
    /// when the host dies are delivered again.
    private static let collectingTime = Duration.milliseconds(2)

    /// Sends acknowledgements when they are due, see `SettlementSender.flush`. Otherwise a timer of 2 ms sends them:
    /// more may be collected until then, and a delivery that still runs has that time to close its gap.
    func flush(atOnce: Bool = false) {
        guard self.lifecycle.canSettle else { return }
        self.settlements.flush(atOnce: atOnce)
        if self.settlements.isCollecting, self.collectingTimer == nil {
            self.collectingTimer = self.loop.schedule(after: Self.collectingTime) { [weak self] in
                self?.collectingTimer = nil
                self?.flush(atOnce: true)
            }
        }
        if self.settlements.isSettled { self.leaveLater() }
    }

    /// How long a channel stays open after its last settlement. It passes settlements on to a quorum queue a few at a
    /// time (32 until the queue has written them to disk), and loses those that it still holds when it closes: their
    /// deliveries would come again although they were handled.
    static let settlementGrace = Duration.milliseconds(200)

    private func leaveLater() {
        guard self.lifecycle.state == .ended, self.leaveTimer == nil else { return }
        self.leaveTimer = self.loop.schedule(after: Self.settlementGrace) { [weak self] in
            guard let self else { return }
            self.leaveTimer = nil
            self.perform(self.lifecycle.settledAll())
        }
    }

    private func sendLastAcks() {
        self.batch.removeAll()
        self.settlements.flush(atOnce: true)
        let generation = self.generation
        self.loop.schedule(after: Self.settlementGrace) { [weak self] in
            guard let self, self.generation == generation else { return }
            self.perform(self.lifecycle.lastAcksTaken())
        }
    }
}

/// Numbers the lives of an intake's channels. Confined to the intake's loop.
final class ChannelGenerations {
    private var last: UInt32 = 0

    func next() -> UInt32 {
        self.last += 1
        return self.last
    }
}
