import Messaging
import Testing

@testable import Processing

struct EventMessageTests {
    private static var event: EventMessage {
        EventMessage(id: "1", type: "order.placed", source: "shop", timeMilliseconds: 1_700_000_000_999, payload: [7])
    }

    @Test func `attributes stand in the properties that mean the same`() {
        let message = Self.event.message(exchange: "events", routingKey: "k")
        #expect(message.properties.messageID == "1")
        #expect(message.properties.type == "order.placed")
        #expect(message.properties.appID == "shop")
        #expect(message.properties.contentType == "application/json")
        #expect(message.properties.timestamp == 1_700_000_000)
        #expect(message.properties.correlationID == "1", "an event without a cause is the first of its kind")
        #expect(message.headers.entries.map(\.name) == ["cloudEvents_specversion"])
        #expect((message.exchange, message.routingKey) == ("events", "k"))
    }

    @Test func `what AMQP has no property for stands in headers`() {
        var event = Self.event
        event.correlationID = "c"
        event.causationID = "0"
        event.subject = "order 7"
        event.traceParent = "00-a-b-01"
        event.traceState = "v=1"
        event.headers = [("tenant", "x")]
        let message = event.message(exchange: "", routingKey: "")
        #expect(message.properties.correlationID == "c")
        let headers = message.headers.entries.map { "\($0.name)=\($0.value)" }
        #expect(
            headers == [
                #"cloudEvents_specversion=string("1.0")"#, #"cloudEvents_causationid=string("0")"#,
                #"cloudEvents_subject=string("order 7")"#, #"traceparent=string("00-a-b-01")"#,
                #"tracestate=string("v=1")"#, #"tenant=string("x")"#,
            ]
        )
    }

    @Test func `what is written is what is read`() {
        var event = Self.event
        event.causationID = "0"
        event.subject = "order 7"
        let delivery = Delivery(
            event.message(exchange: "events", routingKey: "k"),
            tag: DeliveryTag(generation: 1, value: 1)
        )
        let attributes = EventAttributes(delivery)
        #expect(delivery.eventID(attributes) == "1")
        #expect(delivery.bytes.text(attributes.type) == "order.placed")
        #expect(delivery.bytes.text(attributes.source) == "shop")
        #expect(delivery.bytes.text(attributes.subject) == "order 7")
        #expect(delivery.bytes.text(attributes.causationID) == "0")
        #expect(attributes.timestamp?.milliseconds == 1_700_000_000_000)
    }

    @Test func `a time before 1970 is not wrapped`() {
        var event = Self.event
        event.timeMilliseconds = -5000
        #expect(event.message(exchange: "", routingKey: "").properties.timestamp == 0)
    }
}
