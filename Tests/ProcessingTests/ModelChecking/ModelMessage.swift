import Messaging

@testable import Processing

/// The events of the small world. The first two are equal in all but their source; the third has no id of its own.
enum ModelEvent: Int, CaseIterable {
    case order
    case sameOrderOfAnotherSource
    case withoutID

    /// Bytes. Large for the small world: what a copy's headers add is little beside it.
    static let largeBody = 2048

    /// The queue that it comes to.
    var queue: Int { self == .withoutID ? 1 : 0 }
    /// Its function emits an event when it succeeds.
    var emits: Bool { self == .order }

    func expires(_ settings: ModelSettings) -> Bool { settings.expires && self == .order }
    /// Every host leaves its body out.
    func isOversized(_ settings: ModelSettings) -> Bool { settings.hasOversized && self == .withoutID }

    func message(_ settings: ModelSettings) -> OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = self == .withoutID ? nil : "1"
        properties.appID = self == .sameOrderOfAnotherSource ? "web" : "shop"
        let size = settings.areLarge ? Self.largeBody : 2
        if self.expires(settings) { properties.expiration = "\(ModelSettings.lifetime.wholeMilliseconds)" }
        return OutgoingMessage(
            exchange: "events",
            routingKey: "order.placed",
            properties: properties,
            // Not in the order of their names, as most publishers write them.
            headers: FieldTable([("traceparent", .string("00")), ("cloudEvents_subject", .string("x"))]),
            body: Array(repeating: UInt8(ascii: "0"), count: size)[...]
        )
    }
}

/// A message in the model's broker.
struct ModelMessage {
    /// What never changes of a message: many worlds have it in common.
    private final class Content {
        let message: OutgoingMessage
        let first: Delivery
        /// Delivered again: RabbitMQ says how often, and sorts the headers on that occasion.
        let again: Delivery

        init(_ message: OutgoingMessage) {
            self.message = message
            let tag = DeliveryTag(generation: 0, value: 0)
            self.first = Delivery(message, tag: tag)
            var sorted = message
            sorted.headers.set("x-delivery-count", .integer(1))
            sorted.headers = FieldTable(
                sorted.headers.entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            )
            self.again = Delivery(sorted, tag: tag, isRedelivered: true)
        }
    }

    /// One for each message that was ever published. Queues are in this order.
    let number: Int
    let event: ModelEvent
    let attempt: Int
    var deliveryCount = 0
    /// When the broker drops it, if it still waits then: the message's own time to live.
    var brokerEnd: Duration?
    /// When the event ends of which it is a copy.
    var copyEnd: Duration?
    private let content: Content

    init(number: Int, event: ModelEvent, attempt: Int, _ message: OutgoingMessage) {
        self.number = number
        self.event = event
        self.attempt = attempt
        self.content = Content(message)
    }

    private init(_ original: ModelMessage, number: Int) {
        self.number = number
        self.event = original.event
        self.attempt = original.attempt
        self.copyEnd = original.copyEnd
        self.content = original.content
    }

    /// The same, as a message of its own.
    func renumbered(_ number: Int) -> ModelMessage { ModelMessage(self, number: number) }

    /// - Parameter omitsBody: it is over the limit of the host.
    func delivery(generation: UInt32, omitsBody: Bool) -> Delivery {
        let delivery = self.deliveryCount == 0 ? self.content.first : self.content.again
        return Delivery(
            tag: DeliveryTag(generation: generation, value: UInt64(self.number)),
            exchange: delivery.exchange,
            isRedelivered: delivery.isRedelivered,
            bytes: omitsBody ? Array(delivery.bytes.prefix(delivery.propertiesRange.upperBound)) : delivery.bytes,
            routingKeyCount: Int(delivery.routingKeyRange.count),
            propertiesCount: Int(delivery.propertiesRange.count),
            omittedBodySize: omitsBody ? UInt64(delivery.body.count) : nil
        )
    }
}

extension ModelMessage: Hashable {
    static func == (one: Self, other: Self) -> Bool {
        one.number == other.number && one.event == other.event && one.attempt == other.attempt
            && one.deliveryCount == other.deliveryCount && one.brokerEnd == other.brokerEnd
            && one.copyEnd == other.copyEnd
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.number)
        hasher.combine(self.event)
        hasher.combine(self.attempt)
        // How often does not matter to anybody.
        hasher.combine(self.deliveryCount > 0)
        hasher.combine(self.brokerEnd)
        hasher.combine(self.copyEnd)
    }
}
