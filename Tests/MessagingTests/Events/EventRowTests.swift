import EventRows
import Messaging
import Testing

/// The table of `EventReader` as the host reads it.
struct EventRowTests {
    /// A copy of what a publisher sends in binary mode.
    private func binary(source: String?, id: String) -> Delivery {
        var properties = BasicProperties()
        properties.appID = source
        properties.messageID = id
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: "order.placed",
            properties: properties,
            headers: FieldTable(),
            body: []
        )
        return Delivery(message, tag: DeliveryTag(generation: 1, value: 1))
    }

    @Test(arguments: EventRow.all)
    func `the host knows the event by its id`(row: EventRow) {
        let attributes = EventAttributes(row.delivery)
        let id = row.delivery.eventID(attributes)
        if let expected = row.id { #expect(id == expected) } else { #expect(id.hasPrefix("generated-")) }
        #expect((row.delivery.eventIDOverride(attributes) ?? row.delivery.bytes.text(attributes.id)) == id)
    }

    @Test(arguments: EventRow.all.filter { $0.seen[.source] != nil })
    func `the host knows who sent it`(row: EventRow) {
        let source = row.delivery.eventSource(EventAttributes(row.delivery)) ?? "unknown"
        #expect(source == row.seen[.source])
    }

    @Test(arguments: EventRow.all)
    func `an event is the same one in whatever mode it comes`(row: EventRow) {
        let delivery = row.delivery
        let source = delivery.eventSource(EventAttributes(delivery))
        let hash = delivery.identityHash(delivery.layout)
        #expect(delivery.hasIdentity == (source != nil && row.id != nil))
        guard let source, let id = row.id, source.utf8.count <= 255 else { return }
        let other = self.binary(source: source, id: id)
        #expect(hash?.value == other.identityHash(other.layout)?.value)
    }

    @Test func `two envelopes in equal messages are two events`() {
        func delivery(_ id: String) -> Delivery {
            let body = #"{"id":"\#(id)","source":"s","data":1}"#
            return EventRow("", .envelope(id: "outer"), body: body, id: id).delivery
        }
        let (one, other) = (delivery("1"), delivery("2"))
        #expect(one.identityHash(one.layout)?.value != other.identityHash(other.layout)?.value)
        #expect(one.eventID(EventAttributes(one)) != other.eventID(EventAttributes(other)))
    }

    @Test func `an id that was made up is no identity in an envelope either`() {
        let row = EventRow("", body: #"{"id":"generated-1","source":"s","data":1}"#, id: "generated-1")
        #expect(!row.delivery.hasIdentity)
    }

    /// Every delivery is looked at, and few are envelopes: none may bring the host down.
    @Test func `properties that are cut off are no envelope`() {
        let whole = EventRow("", body: #"{"id":"i"}"#, id: "i").delivery
        let properties = whole.bytes[whole.propertiesRange.lowerBound..<whole.propertiesRange.upperBound]
        for count in 0..<properties.count {
            let delivery = Delivery(
                tag: whole.tag,
                exchange: "",
                isRedelivered: false,
                bytes: Array(properties.prefix(count)),
                routingKeyCount: 0,
                propertiesCount: count
            )
            #expect(delivery.eventID(EventAttributes(delivery)).hasPrefix("generated-"), "\(count)")
        }
    }
}
