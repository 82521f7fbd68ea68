import Messaging
import Testing

@Suite struct EventAttributesTests {
    private func delivery(_ properties: BasicProperties, _ headers: [(String, FieldValue)]) -> Delivery {
        let encoded = properties.encoded(headers: FieldTable(headers))
        let key = Array("order.placed".utf8)
        return Delivery(
            tag: DeliveryTag(generation: 1, value: 1),
            exchange: "events",
            isRedelivered: false,
            bytes: key + encoded + Array("{}".utf8),
            routingKeyCount: key.count,
            propertiesCount: encoded.count
        )
    }

    @Test func `a property wins over a header, and the first header over the next`() {
        var properties = BasicProperties()
        properties.messageID = "property"
        let both = self.delivery(properties, [("cloudEvents_id", .string("header")), ("ce-type", .string("T"))])
        let attributes = EventAttributes(both)
        #expect(both.bytes.text(attributes.id) == "property")
        #expect(both.bytes.text(attributes.type) == "T")
        #expect(both.eventID(attributes) == "property")

        let headers = self.delivery(
            BasicProperties(),
            [("cloudEvents:source", .string("first")), ("ce-source", .string("second"))]
        )
        #expect(headers.bytes.text(EventAttributes(headers).source) == "first")
    }

    @Test(arguments: ["cloudEvents_", "cloudEvents:", "ce-"])
    func `every attribute is found under each prefix`(prefix: String) {
        let names = ["id", "type", "source", "subject", "version", "time", "correlationid", "causationid"]
        let delivery = self.delivery(BasicProperties(), names.map { (prefix + $0, .string("the \($0)")) })
        let found = EventAttributes(delivery)
        let ranges = [
            found.id, found.type, found.source, found.subject, found.version, found.time, found.correlationID,
            found.causationID,
        ]
        #expect(ranges.map { delivery.bytes.text($0) } == names.map { "the \($0)" })
    }

    /// A broker sorts the table when it delivers (mc_amqpl:protocol_state of RabbitMQ 4.x): `ce-` is in front then.
    @Test func `the order of the headers means nothing`() {
        let names = ["cloudEvents_", "cloudEvents:", "ce-"]
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let delivery = self.delivery(BasicProperties(), order.map { (names[$0] + "subject", .string("\($0)")) })
            #expect(delivery.bytes.text(EventAttributes(delivery).subject) == "0", "\(order)")
        }
    }

    /// Source: CloudEvents AMQP binding, section 2.2 (Timestamp).
    @Test func `a time may have the type that AMQP has for it`() {
        let headers = [("cloudEvents_time", FieldValue.timestamp(1_769_860_800))]
        #expect(EventAttributes(self.delivery(BasicProperties(), headers)).timestamp?.milliseconds == 1_769_860_800_000)
        var properties = BasicProperties()
        properties.timestamp = 1
        #expect(EventAttributes(self.delivery(properties, headers)).timestamp?.milliseconds == 1000)
    }

    @Test func `what only looks like an attribute is none`() {
        let long = FieldValue.string(String(repeating: "x", count: 256))
        let delivery = self.delivery(
            BasicProperties(),
            [("cloudEventsXid", .string("a")), ("ce-id", .integer(1)), ("ce-source", long), ("ce-", .string("b"))]
        )
        let attributes = EventAttributes(delivery)
        #expect(!attributes.id.isPresent)
        #expect(!attributes.source.isPresent)
    }

    @Test func `a giant trace header is not taken, because it would travel for ever`() {
        let giant = FieldValue.string(String(repeating: "x", count: 70_000))
        let delivery = self.delivery(BasicProperties(), [("traceparent", giant), ("tracestate", .string("a=b"))])
        let attributes = EventAttributes(delivery)
        #expect(!attributes.traceParent.isPresent)
        #expect(delivery.bytes.text(attributes.traceState) == "a=b")
    }

    @Test func `a message without an id has the same made-up id at each delivery, and another body has another`() {
        let first = self.delivery(BasicProperties(), [])
        let again = self.delivery(BasicProperties(), [])
        let other = self.delivery(BasicProperties(), [("a", .integer(1))])
        let id = first.eventID(EventAttributes(first))
        #expect(id.hasPrefix("generated-"))
        #expect(again.eventID(EventAttributes(again)) == id)
        #expect(other.eventID(EventAttributes(other)) != id)
    }
}
