package import Messaging

extension Delivery {
    /// How often it has come back to its queue, as the broker says in its headers.
    ///
    /// Up to 4.2 RabbitMQ counts every return in `x-delivery-count`. 4.3 counts every return in `x-acquired-count`, and
    /// in the other header only those that the delivery limit is about.
    /// Source: https://www.rabbitmq.com/docs/quorum-queues, poison message handling.
    package var returns: Int {
        switch self.headers["x-acquired-count"] ?? self.headers["x-delivery-count"] {
        case .integer(let count)?: Int(count)
        default: 0
        }
    }

    /// The names of its headers in their order, without those in which the broker counts.
    var headerNames: [String] {
        self.headers.entries.map(\.name).filter { $0 != "x-acquired-count" && $0 != "x-delivery-count" }
    }
}

extension FieldTable {
    /// The bytes of each entry: equal for two tables that differ in nothing but the order of their entries.
    var bytesOfEntries: [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for name in self.entries.map(\.name) {
            var one = self
            one.removeEntries { $0 != name }
            result[name] = one.bytes
        }
        return result
    }
}
