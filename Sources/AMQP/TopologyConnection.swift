import CRabbitMQ
import EventLoops
import Glibc
import Messaging

/// One operation on the topology connection.
struct TopologyRequest: Sendable {
    enum Operation: Sendable {
        case declare([Declaration])
        case remove([Removal])
        case inspect(queue: String)
        case inspectForCertain(queue: String)
        case close
    }

    let operation: Operation
    let completion: @Sendable (Result<QueueInspection?, BrokerError>) -> Void
}

/// Declares, removes and inspects with calls that wait for their reply, on a connection and a thread of its own: an
/// error closes the channel, and librabbitmq's waiting calls would swallow frames that belong to others.
///
/// Connects when first needed, and again after the connection was lost; serves heartbeats in between.
final class TopologyConnection {
    private let addresses: AMQPAddresses
    private var rotation: AddressRotation
    private let name: String
    private let loop: EventLoop
    private var connection: ConnectionHandle?
    static let channel: UInt16 = 1

    init(addresses: AMQPAddresses, name: String, loop: EventLoop) {
        self.addresses = addresses
        self.rotation = AddressRotation(seed: addresses.seed, role: .topology)
        self.name = name
        self.loop = loop
        self.scheduleHeartbeat()
    }

    private func scheduleHeartbeat() {
        let heartbeat = self.addresses.all.map(\.heartbeat).min() ?? 1
        self.loop.schedule(after: .milliseconds(Int(heartbeat) * 250)) { [weak self] in
            guard let self else { return }
            self.serveHeartbeat()
            self.scheduleHeartbeat()
        }
    }

    private func serveHeartbeat() {
        guard let connection = self.connection else { return }
        var frame = amqp_frame_t()
        while true {
            switch connection.next(into: &frame) {
            case .nothing:
                connection.releaseBuffers()
                return
            case .failed:
                self.connection = nil
                return
            case .frame:
                // The only thing that the broker sends unasked on this connection is its close.
                guard frame.payload.method.id != AMQP_CONNECTION_CLOSE_METHOD else {
                    self.connection = nil
                    return
                }
            }
        }
    }

    /// Handles the requests that have come since the last call, in their order. An attempt to reach a broker that is
    /// away takes time, so one failure answers all requests that wait. If `close` is among the requests, the others
    /// fail at once.
    ///
    /// - Returns: whether it was asked to close.
    func handle(_ requests: [TopologyRequest]) -> Bool {
        let end = requests.first { if case .close = $0.operation { true } else { false } }
        var absence: BrokerError? = end == nil ? nil : .closedHere
        for request in requests {
            if case .close = request.operation { continue }
            if let absence {
                request.completion(.failure(absence))
                continue
            }
            do throws(BrokerError) {
                request.completion(.success(try self.perform(request.operation)))
            } catch {
                if error.kind == .unreachable, self.connection == nil { absence = error }
                request.completion(.failure(error))
            }
        }
        guard let end else { return false }
        self.close()
        end.completion(.success(nil))
        return true
    }

    private func close() {
        if let connection = self.connection { amqp_connection_close(connection.state, AMQP_REPLY_SUCCESS) }
        self.connection = nil
    }

    private func perform(_ operation: TopologyRequest.Operation) throws(BrokerError) -> QueueInspection? {
        let wasConnected = self.connection != nil
        do throws(BrokerError) {
            return try self.attempt(operation)
        } catch {
            // An idle connection may have been lost unnoticed: that is worth one more try.
            guard wasConnected, error.kind == .unreachable else { throw error }
            return try self.attempt(operation)
        }
    }

    private func attempt(_ operation: TopologyRequest.Operation) throws(BrokerError) -> QueueInspection? {
        switch operation {
        case .declare(let declarations):
            let connection = try self.connected()
            for declaration in declarations { try self.declare(declaration, on: connection) }
            return nil
        case .remove(let removals):
            // Each removal asks for the connection again: an error for a missing object may have ended it.
            for removal in removals { try self.remove(removal, on: try self.connected()) }
            return nil
        case .inspect(let queue):
            return try self.inspect(queue, on: try self.connected())
        case .inspectForCertain(let queue):
            return try self.inspectForCertain(queue)
        case .close:
            return nil
        }
    }

    func connected() throws(BrokerError) -> ConnectionHandle {
        if let connection = self.connection { return connection }
        let connection = try ConnectionRound(self.addresses, in: self.rotation, named: self.name).connection
        self.rotation.connected(to: connection.target)
        try self.openChannel(connection)
        self.connection = connection
        return connection
    }

    private func openChannel(_ connection: ConnectionHandle) throws(BrokerError) {
        amqp_channel_open(connection.state, Self.channel)
        let reply = amqp_get_rpc_reply(connection.state)
        if let error = BrokerError.reply(reply, while: "opening a channel at", at: connection.address) { throw error }
    }

    private func declare(_ declaration: Declaration, on connection: ConnectionHandle) throws(BrokerError) {
        connection.call(declaration, on: Self.channel)
        try self.check(connection, while: declaration.doing)
    }

    private func remove(_ removal: Removal, on connection: ConnectionHandle) throws(BrokerError) {
        connection.call(removal, on: Self.channel)
        do throws(BrokerError) {
            try self.check(connection, while: removal.doing)
        } catch {
            // With few exceptions RabbitMQ reports success for removing what does not exist.
            guard error.kind == .notFound else { throw error }
        }
    }

    func inspect(_ queue: String, on connection: ConnectionHandle) throws(BrokerError) -> QueueInspection? {
        var pool = amqp_pool_t()
        init_amqp_pool(&pool, 4096)
        defer { empty_amqp_pool(&pool) }
        let answer = amqp_queue_declare(
            connection.state,
            Self.channel,
            pool.copy(queue),
            1,
            0,
            0,
            0,
            amqp_table_t()
        )
        let result = answer.map { declared in
            QueueInspection(
                readyMessages: Int(declared.pointee.message_count),
                consumers: Int(declared.pointee.consumer_count)
            )
        }
        do throws(BrokerError) {
            try self.check(connection, while: "inspecting queue '\(queue)' at")
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
        return result
    }

    /// Checks the reply of the last call. After a channel error it confirms the close and opens the channel again.
    /// After a connection error, or a call that timed out, it drops the connection.
    func check(_ connection: ConnectionHandle, while doing: String) throws(BrokerError) {
        let reply = amqp_get_rpc_reply(connection.state)
        defer { connection.releaseBuffers() }
        guard let error = BrokerError.reply(reply, while: doing, at: connection.address) else { return }
        if reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION, reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD {
            let isOpen = self.reopenChannel(connection)
            if !isOpen { self.connection = nil }
        } else {
            self.connection = nil
        }
        throw error
    }

    private func reopenChannel(_ connection: ConnectionHandle) -> Bool {
        do throws(BrokerError) {
            try connection.send(AMQP_CHANNEL_CLOSE_OK_METHOD, on: Self.channel, amqp_channel_close_ok_t())
            try self.openChannel(connection)
            return true
        } catch {
            return false
        }
    }
}
