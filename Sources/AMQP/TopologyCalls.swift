import CRabbitMQ
import Messaging

/// The librabbitmq calls that change the topology. Each waits for its reply, which the caller checks afterwards.
extension ConnectionHandle {
    func call(_ declaration: Declaration, on channel: UInt16) {
        amqp_pool_t.with { pool in
            switch declaration {
            case .exchange(let exchange):
                let (name, kind) = (pool.copy(exchange.name), pool.copy(exchange.kind.rawValue))
                pool.with(exchange.arguments) { arguments in
                    _ = amqp_exchange_declare(self.state, channel, name, kind, 0, 1, 0, 0, arguments)
                }
            case .queue(let queue):
                let name = pool.copy(queue.name)
                pool.with(queue.arguments) { arguments in
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
        amqp_pool_t.with { pool in
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
}

extension Declaration {
    /// The beginning of an error message: what is being done.
    var doing: String {
        switch self {
        case .exchange(let exchange): "declaring exchange '\(exchange.name)' at"
        case .queue(let queue): "declaring queue '\(queue.name)' at"
        case .binding(let binding): "binding '\(binding.routingKey)' of exchange '\(binding.source)' at"
        }
    }
}

extension Removal {
    /// The beginning of an error message: what is being done.
    var doing: String {
        switch self {
        case .binding(let binding): "unbinding '\(binding.routingKey)' from exchange '\(binding.source)' at"
        case .queue(let queue): "deleting queue '\(queue)' at"
        }
    }
}
