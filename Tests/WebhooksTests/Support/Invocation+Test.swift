import Invoking
import Messaging

extension Invocation {
    /// The first attempt of the event that a message brings.
    static func test(id: InvocationID = 1, _ message: OutgoingMessage, originalKey: String? = nil) -> Invocation {
        let delivery = Delivery(message, tag: DeliveryTag(generation: 1, value: 1))
        return Invocation(
            id: id,
            delivery: delivery,
            attributes: EventAttributes(delivery),
            resolvedID: nil,
            attempt: 1,
            maxAttempts: 10,
            originalRoutingKey: originalKey
        )
    }

    static func test(id: InvocationID, body: [UInt8]) -> Invocation {
        .test(
            id: id,
            OutgoingMessage(
                exchange: "events",
                routingKey: "order.placed",
                properties: .test(id: "e-\(id)"),
                headers: FieldTable([]),
                body: body[...]
            )
        )
    }
}
