import CRabbitMQ
import Messaging

extension amqp_pool_t {
    /// Calls the body with a memory pool of librabbitmq. What is copied into the pool is valid only during the call.
    static func with(_ body: (inout amqp_pool_t) -> Void) {
        var pool = amqp_pool_t()
        init_amqp_pool(&pool, 4096)
        defer { empty_amqp_pool(&pool) }
        body(&pool)
    }

    /// Calls the body with the arguments as a C table, which is valid only during the call.
    mutating func with(_ arguments: [DeclarationArgument], _ body: (amqp_table_t) -> Void) {
        var entries = arguments.map { self.entry($0) }
        entries.withUnsafeMutableBufferPointer { entries in
            body(amqp_table_t(num_entries: Int32(entries.count), entries: entries.baseAddress))
        }
    }

    private mutating func entry(_ argument: DeclarationArgument) -> amqp_table_entry_t {
        var value = amqp_field_value_t()
        switch argument.value {
        case .text(let text):
            value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            value.value.bytes = self.copy(text)
        case .number(let number):
            value.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            value.value.i64 = number
        case .flag(let flag):
            value.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            value.value.boolean = flag ? 1 : 0
        }
        return amqp_table_entry_t(key: self.copy(argument.name), value: value)
    }
}
