import CRabbitMQ
import Messaging

/// Passes messages to librabbitmq. The C strings and tables live in a pool that is recycled after each message.
///
/// Neither copied nor shared: the publishing connection owns the encoder and uses it on its thread.
final class MessageEncoder {
    private var pool = amqp_pool_t()

    /// The bytes that the properties may take in a content header frame. The frame also holds its own header and end
    /// (8), and class, weight, size and flags (14). All headers of a message must fit (AMQP 0-9-1, section 2.3.5.2: a
    /// content header is one frame).
    private static let roomForProperties = ConnectionHandle.frameSize - 8 - 14

    init() { init_amqp_pool(&self.pool, 16_384) }

    deinit { empty_amqp_pool(&self.pool) }

    static func fits(_ message: OutgoingMessage) -> Bool {
        let properties = message.properties
        let texts = [
            properties.contentType, properties.contentEncoding, properties.correlationID, properties.replyTo,
            properties.messageID, properties.type, properties.appID, properties.expiration,
        ]
        var size = 16 + message.headers.bytes.count
        for case let text? in texts { size += 1 + text.utf8.count }
        return size <= self.roomForProperties && message.routingKey.utf8.count <= 255
            && message.exchange.utf8.count <= 255
    }

    /// The text as it is sent, cut to the 255 bytes of a short string.
    static func shortString(_ text: String) -> String { text.prefix(bytes: 255) }

    /// Publishes the message mandatory and persistent. Returns librabbitmq's status; `nil` when librabbitmq cannot read
    /// the headers as a table, and then nothing was sent.
    func publish(_ message: OutgoingMessage, on connection: ConnectionHandle, channel: UInt16) -> Int32? {
        defer { recycle_amqp_pool(&self.pool) }
        var properties = self.properties(message.properties)
        if !message.headers.isEmpty {
            guard let table = self.table(message.headers) else { return nil }
            properties.headers = table
            properties._flags |= amqp_flags_t(AMQP_BASIC_HEADERS_FLAG)
        }
        let exchange = self.pool.copy(message.exchange)
        let routingKey = self.pool.copy(message.routingKey)
        return message.body.withUnsafeBytes { body in
            // librabbitmq only reads the body, during the call.
            let bytes = amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress))
            return amqp_basic_publish(
                connection.state,
                channel,
                exchange,
                routingKey,
                1,
                0,
                &properties,
                bytes
            )
        }
    }

    private func properties(_ source: BasicProperties) -> amqp_basic_properties_t {
        var result = amqp_basic_properties_t()
        result._flags = amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG)
        result.delivery_mode = 2
        func set(_ text: String?, _ flag: Int32, _ field: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>) {
            guard let text else { return }
            result[keyPath: field] = self.pool.copy(Self.shortString(text))
            result._flags |= amqp_flags_t(flag)
        }
        set(source.contentType, AMQP_BASIC_CONTENT_TYPE_FLAG, \.content_type)
        set(source.contentEncoding, AMQP_BASIC_CONTENT_ENCODING_FLAG, \.content_encoding)
        set(source.correlationID, AMQP_BASIC_CORRELATION_ID_FLAG, \.correlation_id)
        set(source.replyTo, AMQP_BASIC_REPLY_TO_FLAG, \.reply_to)
        set(source.expiration, AMQP_BASIC_EXPIRATION_FLAG, \.expiration)
        set(source.messageID, AMQP_BASIC_MESSAGE_ID_FLAG, \.message_id)
        set(source.type, AMQP_BASIC_TYPE_FLAG, \.type)
        set(source.appID, AMQP_BASIC_APP_ID_FLAG, \.app_id)
        if let timestamp = source.timestamp {
            result.timestamp = timestamp
            result._flags |= amqp_flags_t(AMQP_BASIC_TIMESTAMP_FLAG)
        }
        if let priority = source.priority {
            result.priority = priority
            result._flags |= amqp_flags_t(AMQP_BASIC_PRIORITY_FLAG)
        }
        return result
    }

    /// The headers as a librabbitmq table. librabbitmq decodes it from the encoded bytes, so nothing is changed on the
    /// way. `nil` when the bytes are malformed.
    private func table(_ headers: FieldTable) -> amqp_table_t? {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(4 + headers.bytes.count)
        encoded.appendBigEndian(UInt32(headers.bytes.count))
        encoded.append(contentsOf: headers.bytes)
        var table = amqp_table_t()
        var offset = 0
        let copy = self.pool.copy(encoded[...])
        guard amqp_decode_table(copy, &self.pool, &table, &offset) == AMQP_STATUS_OK.rawValue else { return nil }
        return table
    }
}
