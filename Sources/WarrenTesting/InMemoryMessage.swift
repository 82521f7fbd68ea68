package import Messaging

/// A message in an in-memory broker.
package struct InMemoryMessage: Sendable, Equatable {
    /// The exchange that the message was last published to, by a publisher or as a dead letter.
    package var exchange: String
    package var routingKey: String
    package var properties: BasicProperties
    package var headers: FieldTable
    package let body: ArraySlice<UInt8>
    /// How often the message was delivered and returned.
    package internal(set) var deliveryCount = 0

    /// The message's position in its queue, which it keeps while it is delivered.
    var position: UInt64 = 0
    /// When the message expires, on the broker's clock.
    var expiry: Duration?

    init(_ message: OutgoingMessage) {
        self.exchange = message.exchange
        self.routingKey = message.routingKey
        self.properties = message.properties
        self.headers = message.headers
        self.body = message.body
    }

    /// Makes the delivery for a consumer. A message that was returned carries its delivery count
    /// (https://www.rabbitmq.com/docs/quorum-queues, poison message handling). As in RabbitMQ, adding this header sorts
    /// the header table by name.
    func delivery(tag: DeliveryTag, bodyLimit: UInt64) -> Delivery {
        var headers = self.headers
        if self.deliveryCount > 0 {
            headers = headers.sorted(adding: "x-delivery-count", .integer(Int64(self.deliveryCount)))
        }
        let key = Array(self.routingKey.utf8)
        let properties = self.properties.encoded(headers: headers)
        let isOmitted = UInt64(self.body.count) > bodyLimit
        return Delivery(
            tag: tag,
            exchange: self.exchange,
            isRedelivered: self.deliveryCount > 0,
            bytes: key + properties + (isOmitted ? [] : self.body),
            routingKeyCount: key.count,
            propertiesCount: properties.count,
            omittedBodySize: isOmitted ? UInt64(self.body.count) : nil
        )
    }
}

extension InMemoryMessage {
    /// Why a message became a dead letter, as RabbitMQ names it.
    enum Death: String {
        case rejected
        case expired
        case tooMany = "maxlen"
        case deliveryLimit = "delivery_limit"
    }

    /// The message as it goes to the dead-letter exchange, with one more entry, or one more count, in `x-death`.
    ///
    /// Source: https://www.rabbitmq.com/docs/dlx, effects on messages.
    ///
    /// - Parameter time: seconds since 1970.
    func dead(_ death: Death, in queue: String, at time: UInt64, to exchange: String, key: String?) -> InMemoryMessage {
        var entries = self.deaths
        var entry: [String: FieldValue] = [
            "reason": .string(death.rawValue),
            "queue": .string(queue),
            "time": .timestamp(time),
            "exchange": .string(self.exchange),
            "routing-keys": .array([.string(self.routingKey)]),
            "count": .integer(1),
        ]
        if let expiration = self.properties.expiration { entry["original-expiration"] = .string(expiration) }
        if let index = entries.firstIndex(where: { $0["queue"] == entry["queue"] && $0["reason"] == entry["reason"] }) {
            entry = entries.remove(at: index)
            if case .integer(let count)? = entry["count"] { entry["count"] = .integer(count + 1) }
        }
        entries.insert(entry, at: 0)
        var dead = self
        dead.headers.set("x-death", .array(entries.map(FieldValue.table)))
        if dead.headers["x-first-death-reason"] == nil {
            dead.headers.set("x-first-death-reason", .string(death.rawValue))
            dead.headers.set("x-first-death-queue", .string(queue))
            dead.headers.set("x-first-death-exchange", .string(self.exchange))
        }
        // Otherwise the message would expire again at once.
        dead.properties.expiration = nil
        dead.exchange = exchange
        dead.routingKey = key ?? self.routingKey
        dead.deliveryCount = 0
        dead.expiry = nil
        return dead
    }

    private var deaths: [[String: FieldValue]] {
        guard case .array(let values)? = self.headers["x-death"] else { return [] }
        return values.compactMap { value in
            if case .table(let table) = value { table } else { nil }
        }
    }

    /// Whether the message has been in the queue before and was not rejected since. It would then circulate forever.
    func hasCycled(to queue: String) -> Bool {
        let deaths = self.deaths
        guard let last = deaths.firstIndex(where: { $0["queue"] == .string(queue) }) else { return false }
        return deaths[...last].allSatisfy { $0["reason"] != .string(Death.rejected.rawValue) }
    }
}

extension FieldTable {
    /// Returns the table with this entry in place of those with its name, sorted by the bytes of the names.
    fileprivate func sorted(adding name: String, _ value: FieldValue) -> FieldTable {
        var table = self
        table.set(name, value)
        return FieldTable(table.entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    }
}
