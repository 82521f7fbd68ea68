import Messaging

@testable import Processing

extension Delivery {
    /// A delivery for tests of what needs no broker.
    static func test(
        _ id: String?,
        source: String? = "shop",
        tag: UInt64 = 1,
        exchange: String = "events",
        key: String = "order.placed",
        headers: [(String, FieldValue)] = [],
        body: [UInt8] = [],
        isRedelivered: Bool = false
    ) -> Delivery {
        var properties = BasicProperties()
        properties.messageID = id
        properties.appID = source
        let message = OutgoingMessage(
            exchange: exchange,
            routingKey: key,
            properties: properties,
            headers: FieldTable(headers),
            body: body[...]
        )
        return Delivery(message, tag: DeliveryTag(generation: 1, value: tag), isRedelivered: isRedelivered)
    }
}

extension HeldDelivery {
    static func test(
        _ delivery: Delivery,
        of subscription: SubscriptionID = .test,
        identity: EventIdentity? = nil
    ) -> HeldDelivery {
        HeldDelivery(
            delivery: delivery,
            subscription: subscription,
            history: AttemptHistory(),
            origin: Origin(exchange: delivery.exchange, routingKey: delivery.routingKey),
            expiresAt: nil,
            identity: identity
        )
    }
}

extension SubscriptionID {
    static let test = SubscriptionID(number: 1)
    static let other = SubscriptionID(number: 2)
}
