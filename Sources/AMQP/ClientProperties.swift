import CRabbitMQ

/// The client properties that a connection sends to the broker at login.
///
/// librabbitmq announces neither `consumer_cancel_notify` nor `connection.blocked` by itself. Without
/// `consumer_cancel_notify` the broker does not say when a consumer has lost its queue. Sources:
/// https://www.rabbitmq.com/docs/consumer-cancel and https://www.rabbitmq.com/docs/connection-blocked
enum ClientProperties {
    private static let capabilities = [
        "consumer_cancel_notify", "connection.blocked", "basic.nack", "publisher_confirms",
        "exchange_exchange_bindings", "authentication_failure_close", "per_consumer_qos",
    ]

    /// Calls the body with the properties as a C table, which is valid only during the call.
    static func with<Result>(
        connectionName: String,
        _ body: (UnsafePointer<amqp_table_t>) -> Result
    ) -> Result {
        var pool = amqp_pool_t()
        init_amqp_pool(&pool, 4096)
        defer { empty_amqp_pool(&pool) }
        var capabilities = self.capabilities.map { name in
            var value = amqp_field_value_t()
            value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            value.value.boolean = 1
            return amqp_table_entry_t(key: pool.copy(name), value: value)
        }
        return capabilities.withUnsafeMutableBufferPointer { capabilities in
            var nested = amqp_field_value_t()
            nested.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            nested.value.table = amqp_table_t(
                num_entries: Int32(capabilities.count),
                entries: capabilities.baseAddress
            )
            var entries = [
                amqp_table_entry_t(key: pool.copy("capabilities"), value: nested),
                self.text("product", "Warren", in: &pool),
                self.text("connection_name", connectionName, in: &pool),
            ]
            return entries.withUnsafeMutableBufferPointer { entries in
                var table = amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress)
                return body(&table)
            }
        }
    }

    private static func text(_ name: String, _ text: String, in pool: inout amqp_pool_t) -> amqp_table_entry_t {
        var value = amqp_field_value_t()
        value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
        value.value.bytes = pool.copy(text)
        return amqp_table_entry_t(key: pool.copy(name), value: value)
    }
}

extension amqp_pool_t {
    /// Copies the text into the pool, where it lives until the pool is recycled or emptied.
    mutating func copy(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { utf8 in
            guard let source = utf8.baseAddress, let memory = amqp_pool_alloc(&self, utf8.count) else {
                return amqp_bytes_t()
            }
            memory.copyMemory(from: source, byteCount: utf8.count)
            return amqp_bytes_t(len: utf8.count, bytes: memory)
        }
    }

    mutating func copy(_ bytes: ArraySlice<UInt8>) -> amqp_bytes_t {
        guard !bytes.isEmpty, let memory = amqp_pool_alloc(&self, bytes.count) else { return amqp_bytes_t() }
        bytes.withUnsafeBytes {
            memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
        }
        return amqp_bytes_t(len: bytes.count, bytes: memory)
    }
}
