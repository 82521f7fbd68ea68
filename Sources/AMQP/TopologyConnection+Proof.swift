import CRabbitMQ
import Messaging

/// Inspections that ask the queue itself, for when no weaker answer will do.
extension TopologyConnection {
    /// RabbitMQ stops waiting for a queue after 250 ms, and then reports it as empty and unused.
    private static let trustedTime = Duration.milliseconds(200)
    private static let attempts = 3

    /// The answer to basic.get, which only the queue's leader can give.
    private enum Answer {
        case absent
        case empty
        /// The queue had a message, which was requeued.
        case message
        /// The queue exists, and refuses basic.get because it has a single active consumer.
        case locked
    }

    /// Inspects a queue until the numbers can be trusted. Numbers other than zero come from the queue itself. Zeros are
    /// trusted when they came quickly, between two answers of the queue to basic.get.
    func inspectForCertain(_ queue: String) throws(BrokerError) -> QueueInspection? {
        for _ in 1...Self.attempts {
            guard let first = try self.inspect(queue, on: try self.connected()) else { return nil }
            if !first.isUnknown { return first }
            let before = try self.get(from: queue)
            if case .absent = before { return nil }
            let begin = ContinuousClock.now
            guard let inspection = try self.inspect(queue, on: try self.connected()) else { return nil }
            let isQuick = begin.duration(to: .now) < Self.trustedTime
            if !inspection.isUnknown { return inspection }
            switch (before, try self.get(from: queue)) {
            case (_, .absent): return nil
            case (.message, _), (_, .message): return QueueInspection(readyMessages: 1, consumers: inspection.consumers)
            case (.empty, .empty) where isQuick, (.locked, .locked) where isQuick: return inspection
            default: continue
            }
        }
        throw BrokerError(
            .unreachable,
            "queue '\(queue)' does not answer in time; see whether it has a leader (rabbitmq-queues quorum_status)"
        )
    }

    private func get(from queue: String) throws(BrokerError) -> Answer {
        let connection = try self.connected()
        var pool = amqp_pool_t()
        init_amqp_pool(&pool, 4096)
        defer { empty_amqp_pool(&pool) }
        let reply = amqp_basic_get(connection.state, Self.channel, pool.copy(queue), 0)
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else { return try self.refusal(of: queue, on: connection) }
        guard reply.reply.id == AMQP_BASIC_GET_OK_METHOD,
            let tag = reply.reply.decoded?.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee.delivery_tag
        else { return .empty }
        var message = amqp_message_t()
        let read = amqp_read_message(connection.state, Self.channel, &message, 0)
        if read.reply_type == AMQP_RESPONSE_NORMAL { amqp_destroy_message(&message) }
        amqp_basic_nack(connection.state, Self.channel, tag, 0, 1)
        try self.check(connection, while: "looking into queue '\(queue)' at")
        return .message
    }

    private func refusal(of queue: String, on connection: ConnectionHandle) throws(BrokerError) -> Answer {
        do throws(BrokerError) {
            try self.check(connection, while: "looking into queue '\(queue)' at")
            return .empty
        } catch {
            switch error.kind {
            case .notFound: return .absent
            case .locked: return .locked
            case .unreachable, .accessRefused, .mismatch, .protocolViolation, .closed: throw error
            }
        }
    }
}
