import Messaging
import Testing

@testable import Processing

struct ExpiryTests {
    private static func delivery(_ expiration: String?, headers: [(String, FieldValue)] = []) -> Delivery {
        var properties = BasicProperties()
        properties.expiration = expiration
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: "a",
            properties: properties,
            headers: FieldTable(headers),
            body: []
        )
        return Delivery(message, tag: DeliveryTag(generation: 1, value: 1))
    }

    @Test(
        arguments: [
            (nil, nil), ("2500", 12_500), ("0", 10_000), ("soon", nil), ("-1", nil), ("9223372036854775807", nil),
        ] as [(String?, Int64?)]
    )
    func `an event's own time counts from its first delivery`(expiration: String?, end: Int64?) {
        #expect(Self.end(of: Self.delivery(expiration), isCopy: false, now: 10_000) == end)
    }

    @Test func `a copy says when it ends, and nobody else does`() {
        let delivery = Self.delivery("5", headers: [("warren-expires-at", .integer(77))])
        #expect(Self.end(of: delivery, isCopy: true, now: 10_000) == 77)
        #expect(Self.end(of: delivery, isCopy: false, now: 10_000) == 10_005)
        #expect(Self.end(of: Self.delivery("5"), isCopy: true, now: 10_000) == nil)
    }

    private static func end(of delivery: Delivery, isCopy: Bool, now: Int64) -> Int64? {
        Expiry.end(of: delivery, delivery.layout, isCopy: isCopy, now: now)
    }
}
