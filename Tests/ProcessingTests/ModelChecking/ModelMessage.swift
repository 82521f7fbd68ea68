import Messaging

@testable import Processing

/// The events of the small world. The first two are equal in all but their source; the third has no id of its own.
enum ModelEvent: Int, CaseIterable {
    case order
    case sameOrderOfAnotherSource
    case withoutID

    /// The queue that it comes to.
    var queue: Int { self == .withoutID ? 1 : 0 }
    /// Its function emits an event when it succeeds.
    var emits: Bool { self == .order }

    var message: OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = self == .withoutID ? nil : "1"
        properties.appID = self == .sameOrderOfAnotherSource ? "web" : "shop"
        return OutgoingMessage(
            exchange: "events",
            routingKey: "order.placed",
            properties: properties,
            // Not in the order of their names, as most publishers write them.
            headers: FieldTable([("traceparent", .string("00")), ("cloudEvents_subject", .string("x"))]),
            body: Array("{}".utf8)[...]
        )
    }
}

/// A message in the model's broker.
struct ModelMessage {
    /// One for each message that was ever published. Queues are in this order.
    let number: Int
    let event: ModelEvent
    let attempt: Int
    var deliveryCount = 0
    private let message: OutgoingMessage
    private let first: Delivery
    /// Delivered again: RabbitMQ says how often, and sorts the headers on that occasion.
    private let again: Delivery

    init(number: Int, event: ModelEvent, attempt: Int, _ message: OutgoingMessage) {
        self.number = number
        self.event = event
        self.attempt = attempt
        self.message = message
        let tag = DeliveryTag(generation: 0, value: UInt64(number))
        self.first = Delivery(message, tag: tag)
        var sorted = message
        sorted.headers.set("x-delivery-count", .integer(1))
        sorted.headers = FieldTable(
            sorted.headers.entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        )
        self.again = Delivery(sorted, tag: tag, isRedelivered: true)
    }

    /// The same, as a message of its own.
    func renumbered(_ number: Int) -> ModelMessage {
        ModelMessage(number: number, event: self.event, attempt: self.attempt, self.message)
    }

    func delivery(generation: UInt32) -> Delivery {
        let delivery = self.deliveryCount == 0 ? self.first : self.again
        return Delivery(
            tag: DeliveryTag(generation: generation, value: UInt64(self.number)),
            exchange: delivery.exchange,
            isRedelivered: delivery.isRedelivered,
            bytes: delivery.bytes,
            routingKeyCount: Int(delivery.routingKeyRange.count),
            propertiesCount: Int(delivery.propertiesRange.count)
        )
    }
}

extension ModelMessage: Hashable {
    static func == (one: Self, other: Self) -> Bool {
        one.number == other.number && one.event == other.event && one.attempt == other.attempt
            && one.deliveryCount == other.deliveryCount
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.number)
        hasher.combine(self.event)
        hasher.combine(self.attempt)
        // How often does not matter to anybody.
        hasher.combine(self.deliveryCount > 0)
    }
}
