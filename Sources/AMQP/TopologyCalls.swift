import CRabbitMQ
import Messaging

/// The calls of librabbitmq that change what exists. Each waits for its reply; whoever calls looks at it afterwards.
extension ConnectionHandle {
    func call(_ declaration: Declaration, on channel: UInt16) {
        self.withPool { pool in
            switch declaration {
            case .exchange(let exchange):
                let (name, kind) = (pool.copy(exchange.name), pool.copy(exchange.kind.rawValue))
                Self.with(exchange.arguments, &pool) { arguments in
                    _ = amqp_exchange_declare(self.state, channel, name, kind, 0, 1, 0, 0, arguments)
                }
            case .queue(let queue):
                let name = pool.copy(queue.name)
                Self.with(queue.arguments, &pool) { arguments in
                    _ = amqp_queue_declare(self.state, channel, name, 0, 1, 0, 0, arguments)
                }
            case .binding(let binding):
                let (source, key) = (pool.copy(binding.source), pool.copy(binding.routingKey))
                switch binding.destination {
                case .queue(let queue):
                    amqp_queue_bind(self.state, channel, pool.copy(queue), source, key, amqp_table_t())
                case .exchange(let exchange):
                    amqp_exchange_bind(self.state, channel, pool.copy(exchange), source, key, amqp_table_t())
                }
            }
        }
    }

    func call(_ removal: Removal, on channel: UInt16) {
        self.withPool { pool in
            switch removal {
            case .binding(let binding):
                let (source, key) = (pool.copy(binding.source), pool.copy(binding.routingKey))
                switch binding.destination {
                case .queue(let queue):
                    amqp_queue_unbind(self.state, channel, pool.copy(queue), source, key, amqp_table_t())
                case .exchange(let exchange):
                    amqp_exchange_unbind(self.state, channel, pool.copy(exchange), source, key, amqp_table_t())
                }
            case .queue(let queue):
                amqp_queue_delete(self.state, channel, pool.copy(queue), 0, 0)
            }
        }
    }

    /// What is copied into the pool is valid during the call of the body.
    private func withPool(_ body: (inout amqp_pool_t) -> Void) {
        var pool = amqp_pool_t()
        init_amqp_pool(&pool, 4096)
        defer { empty_amqp_pool(&pool) }
        body(&pool)
    }

    /// Calls the body with the arguments as a table of C, which is valid during the call.
    private static func with(
        _ arguments: [DeclarationArgument],
        _ pool: inout amqp_pool_t,
        _ body: (amqp_table_t) -> Void
    ) {
        var entries = arguments.map { argument in
            var value = amqp_field_value_t()
            switch argument.value {
            case .text(let text):
                value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                value.value.bytes = pool.copy(text)
            case .number(let number):
                value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
                value.value.i64 = number
            case .flag(let flag):
                value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
                value.value.boolean = flag ? 1 : 0
            }
            return amqp_table_entry_t(key: pool.copy(argument.name), value: value)
        }
        entries.withUnsafeMutableBufferPointer { entries in
            body(amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress))
        }
    }
}

extension Declaration {
    /// What is being done, for the beginning of an error.
    var doing: String {
        switch self {
        case .exchange(let exchange): "declaring exchange '\(exchange.name)' at"
        case .queue(let queue): "declaring queue '\(queue.name)' at"
        case .binding(let binding): "binding '\(binding.routingKey)' of exchange '\(binding.source)' at"
        }
    }
}

extension Removal {
    /// What is being done, for the beginning of an error.
    var doing: String {
        switch self {
        case .binding(let binding): "unbinding '\(binding.routingKey)' from exchange '\(binding.source)' at"
        case .queue(let queue): "deleting queue '\(queue)' at"
        }
    }
}
