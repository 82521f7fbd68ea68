import CRabbitMQ
import EventLoops
import Logging
import Messaging

/// Handles the events of one connection. Called on the loop's thread.
protocol ConnectionClient: AnyObject {
    func connected(_ connection: ConnectionHandle)
    /// A frame on a channel other than 0. The memory that it points to is valid only during the call.
    func received(_ frame: inout amqp_frame_t)
    /// The driver reads no more frames in this turn: hand over what has been collected.
    func didReadFrames()
    func lost(_ error: BrokerError)
    /// The broker refuses publishes for now, with its reason; `nil`: it accepts them again.
    func blocked(_ reason: String?)
}

/// Keeps one connection to the broker alive on a loop, forever. It connects to one of several addresses on a thread of
/// its own, passes frames on, serves heartbeats, and notices a lost connection. It then reconnects: at once if there
/// are several addresses and the lost connection had lived for a while, otherwise after a back-off.
final class ConnectionDriver {
    /// The address in use, or the one used last.
    private(set) var address: AMQPAddress
    private let addresses: AMQPAddresses
    private var rotation: AddressRotation
    private let name: String
    private let loop: EventLoop
    private let logger: Logger
    /// Whether people are told when it is lost and when it is back.
    private let isAnnounced: Bool
    private weak var client: (any ConnectionClient)?
    private let arrivals: Mailbox<Result<ConnectionRound, BrokerError>>
    private var backoff = ReconnectBackoff()
    private var heartbeatTimer: TimerID?
    private var isStopped = false
    /// People have been told that the broker cannot be reached.
    private var isAway = false
    /// Set between a failed send and its handling at the start of the next turn.
    private var isBroken = false
    /// Channels whose frames still hold memory of librabbitmq, most of the time one.
    private var unreleased: [UInt16] = []
    /// Whether the next turn is to read the frames that this one has left.
    private var isDrainingNext = false
    private(set) var connection: ConnectionHandle?
    private var connectedAt = ContinuousClock.now
    private(set) var lastError: BrokerError?
    private var isClosed = false
    private var closeCompletions: [() -> Void] = []

    /// The most frames read in one turn, so that other descriptors get their turn.
    private static let framesPerTurn = 4096
    /// The most bytes of bodies read in one turn, so that consumers can ask for fewer before more arrive.
    private static let bytesPerTurn = 8 << 20

    init(
        addresses: AMQPAddresses,
        role: AddressRotation.Role,
        isAnnounced: Bool = false,
        name: String,
        loop: EventLoop,
        logger: Logger,
        client: any ConnectionClient
    ) throws(SystemError) {
        self.address = addresses.all[0]
        self.addresses = addresses
        self.rotation = AddressRotation(seed: addresses.seed, role: role)
        self.isAnnounced = isAnnounced
        self.name = name
        self.loop = loop
        self.logger = logger
        self.client = client
        self.arrivals = try Mailbox()
        self.arrivals.attach(to: loop) { [weak self] results in
            for result in results { self?.arrived(result) }
        }
    }

    func start() { self.connect() }

    private func connect() {
        guard !self.isStopped else { return }
        let addresses = self.addresses
        let rotation = self.rotation
        let name = self.name
        let arrivals = self.arrivals
        do throws(SystemError) {
            try LoopThread.start(named: "amqp-connect") {
                do throws(BrokerError) {
                    arrivals.send(.success(try ConnectionRound(addresses, in: rotation, named: name)))
                } catch {
                    arrivals.send(.failure(error))
                }
            }
        } catch {
            self.arrived(.failure(BrokerError(.unreachable, "no thread to connect with: \(error)")))
        }
    }

    private func arrived(_ result: Result<ConnectionRound, BrokerError>) {
        guard !self.isStopped else { return }
        switch result {
        case .success(let round):
            for reason in round.skipped {
                self.logger.warning("an address of the broker was passed over", metadata: ["reason": "\(reason)"])
            }
            let connection = round.connection
            self.connection = connection
            self.address = connection.address
            self.rotation.connected(to: connection.target)
            self.isBroken = false
            self.connectedAt = .now
            self.logger.log(
                level: self.isAway ? .notice : .debug,
                "connected to the broker",
                metadata: ["broker": "\(self.address)"]
            )
            self.isAway = false
            self.loop.watch(connection.descriptor) { [weak self] _ in self?.readFrames() }
            self.scheduleHeartbeat()
            self.client?.connected(connection)
            // The login may have read further frames into librabbitmq's buffer, which the descriptor does not announce.
            self.readFrames()
        case .failure(let error):
            self.lastError = error
            self.tell("cannot connect to the broker; trying again", error, isNews: !self.isAway)
            self.client?.lost(error)
            self.reconnectLater()
        }
    }

    /// Tells people that the broker is away, once until it is back.
    private func tell(_ what: String, _ error: BrokerError, isNews: Bool) {
        let isWarning = isNews && self.isAnnounced
        self.logger.log(level: isWarning ? .warning : .debug, "\(what)", metadata: ["reason": "\(error)"])
        if isWarning { self.isAway = true }
    }

    private func reconnectLater() {
        self.loop.schedule(after: self.backoff.wait()) { [weak self] in self?.connect() }
    }

    /// librabbitmq sends and checks heartbeats only while it waits for frames.
    private func scheduleHeartbeat() {
        self.heartbeatTimer = self.loop.schedule(after: .milliseconds(Int(self.address.heartbeat) * 250)) {
            [weak self] in
            guard let self, self.connection != nil else { return }
            self.readFrames()
            if self.connection != nil { self.scheduleHeartbeat() }
        }
    }

    private func readFrames() {
        // Held for the whole batch: loading a weak reference costs more than handling a frame.
        guard let connection = self.connection, let client = self.client, !self.isBroken else { return }
        var frame = amqp_frame_t()
        var bytes = 0
        for count in 1...Self.framesPerTurn where bytes < Self.bytesPerTurn {
            switch connection.next(into: &frame) {
            case .frame:
                if frame.frame_type == UInt8(AMQP_FRAME_BODY) { bytes += frame.payload.body_fragment.len }
                if frame.channel == 0 {
                    self.receivedOnConnection(&frame)
                } else {
                    client.received(&frame)
                }
                guard self.connection != nil else { return }
                if self.unreleased.last != frame.channel { self.unreleased.append(frame.channel) }
                if count % 64 == 0 || frame.frame_type == UInt8(AMQP_FRAME_BODY) { self.releaseBuffers(of: connection) }
            case .nothing:
                self.releaseBuffers(of: connection)
                client.didReadFrames()
                return
            case .failed(let error):
                client.didReadFrames()
                self.lose(error)
                return
            }
        }
        self.releaseBuffers(of: connection)
        client.didReadFrames()
        // Frames may wait in librabbitmq's own buffer, which the descriptor does not announce.
        guard !self.isDrainingNext else { return }
        self.isDrainingNext = true
        self.loop.schedule(after: .zero) { [weak self] in
            self?.isDrainingNext = false
            self?.readFrames()
        }
    }

    private func releaseBuffers(of connection: ConnectionHandle) {
        for channel in self.unreleased { connection.releaseBuffers(of: channel) }
        self.unreleased.removeAll(keepingCapacity: true)
    }

    private func receivedOnConnection(_ frame: inout amqp_frame_t) {
        guard frame.frame_type == UInt8(AMQP_FRAME_METHOD) else { return }
        switch frame.payload.method.id {
        case AMQP_CONNECTION_CLOSE_METHOD:
            guard let close = frame.method(as: amqp_connection_close_t.self) else { return }
            let error = BrokerError.closed(
                code: close.reply_code,
                text: close.reply_text.text,
                while: "connection to",
                at: self.address
            )
            try? self.connection?.send(AMQP_CONNECTION_CLOSE_OK_METHOD, on: 0, amqp_connection_close_ok_t())
            self.lose(error)
        case AMQP_CONNECTION_CLOSE_OK_METHOD:
            self.finishClosing()
        case AMQP_CONNECTION_BLOCKED_METHOD:
            let reason = frame.method(as: amqp_connection_blocked_t.self)?.reason.text ?? ""
            self.client?.blocked(reason)
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            self.client?.blocked(nil)
        default:
            break
        }
    }

    /// Sends a method if there is a connection. A failure becomes a loss at the start of the next turn, so that no
    /// caller is re-entered.
    func send<Method: BitwiseCopyable>(_ id: UInt32, on channel: UInt16, _ method: Method) {
        guard let connection = self.connection, !self.isBroken else { return }
        do throws(BrokerError) {
            try connection.send(id, on: channel, method)
        } catch {
            self.fail(error)
        }
    }

    /// Gives the connection up at the start of the next turn.
    func fail(_ error: BrokerError) {
        guard !self.isBroken else { return }
        self.isBroken = true
        self.loop.schedule(after: .zero) { [weak self] in self?.lose(error) }
    }

    private func lose(_ error: BrokerError) {
        guard let connection = self.connection else { return }
        self.loop.unwatch(connection.descriptor)
        if let timer = self.heartbeatTimer { self.loop.cancel(timer) }
        self.connection = nil
        self.isBroken = false
        self.lastError = error
        guard !self.isStopped else {
            self.finishClosing()
            return
        }
        self.tell("lost the connection to the broker; connecting again", error, isNews: true)
        self.client?.lost(error)
        let wasSound = self.backoff.reset(afterLife: self.connectedAt.duration(to: .now))
        // Another address is tried at once. After a connection that lived only briefly there is a pause first.
        if wasSound, self.addresses.all.count > 1 { self.connect() } else { self.reconnectLater() }
    }

    /// Closes the connection with the protocol's handshake, so the broker has taken everything sent before when
    /// `completion` is called. If the broker does not answer within a second, `completion` is called all the same.
    /// `stop` may be called twice, and the driver's owner may release it meanwhile: every completion is called.
    func stop(_ completion: @escaping () -> Void) {
        guard !self.isClosed else { return completion() }
        self.closeCompletions.append(completion)
        guard !self.isStopped else { return }
        self.isStopped = true
        guard self.connection != nil, !self.isBroken else { return self.finishClosing() }
        var close = amqp_connection_close_t()
        close.reply_code = 200
        self.send(AMQP_CONNECTION_CLOSE_METHOD, on: 0, close)
        // A strong reference: the owner may have released the driver while it waits for the end.
        self.loop.schedule(after: .seconds(1)) { self.finishClosing() }
    }

    private func finishClosing() {
        if let connection = self.connection { self.loop.unwatch(connection.descriptor) }
        self.connection = nil
        if let timer = self.heartbeatTimer { self.loop.cancel(timer) }
        self.arrivals.detach(from: self.loop)
        self.isClosed = true
        let completions = self.closeCompletions
        self.closeCompletions.removeAll()
        for completion in completions { completion() }
    }
}

extension amqp_frame_t {
    /// The decoded method, copied shallowly: memory that it points to is valid as long as the frame.
    func method<Method>(as type: Method.Type) -> Method? {
        self.payload.method.decoded?.assumingMemoryBound(to: type).pointee
    }
}
