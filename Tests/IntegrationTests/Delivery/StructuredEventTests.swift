import AMQP
import Messaging
import Testing
import Waiting

/// Events in CloudEvents structured mode: all that speaks of one calls it by its envelope's id.
@Suite(.hangGuard)
struct StructuredEventTests {
    /// Nothing beside the envelope but the publisher's name, and an id if there is one.
    private func event(_ bed: TestBed, _ envelopeID: String, _ data: String, id: String? = nil) -> OutgoingMessage {
        let body = #"{"specversion":"1.0","data":\#(data),"type":"work","source":"/inner","id":"\#(envelopeID)"}"#
        var event = bed.event(body, id: id)
        event.properties.contentType = "application/cloudevents+json; charset=utf-8"
        return event
    }

    @Test func `log, dead letter, function and endpoint call the event by the id of its envelope`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"))
            try bed.deploy(
                "fail-first",
                """
                retry:
                  maxAttempts: 2
                  backoff: { initial: 100ms }
                """
            )
            let host = try await bed.startDelivering()
            try await bed.publish(self.event(bed, "inner-1", #"{"failures":9}"#))
            let dead = try await bed.reader(bed.deadLetters("fail-first")).message()
            #expect(dead.id == "inner-1")
            #expect(dead.number("warren-attempt") == 2)
            let request = try await endpoint.requests(1, on: "/ok")[0]
            #expect(request["ce-id"] == "inner-1" && request["webhook-id"] == "inner-1")
            #expect(request["ce-correlationid"] == "inner-1" && request["ce-source"] == "/inner")
            #expect(request.text == #"{"failures":9}"#)
            #expect(try await host.stop() == 0)
            #expect(bed.journal.deeds.map(\.event) == ["inner-1", "inner-1"])
            #expect(bed.journal.deeds.map(\.attempt) == [1, 2])
            for message in ["event failed and is retried", "event dead-lettered"] {
                #expect(host.log.filter { $0.message == message }.map { $0["event"] } == ["inner-1"], "\(message)")
            }
        }
    }

    @Test func `two envelopes in equal messages are two events`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("emit-all")
            let host = try await bed.startHost()
            let audit = try await bed.auditReader()
            let plan = #"{"emit":[{"key":"stock.reserved"}]}"#
            for id in ["inner-1", "inner-2"] { try await bed.publish(self.event(bed, id, plan, id: "outer")) }
            let emitted = try await audit.messages(4).filter { $0.routingKey == "stock.reserved" }
            #expect(Set(emitted.map(\.id)).count == 2, "each has an effect of its own")
            #expect(Set(emitted.map { $0.text("cloudEvents_causationid") }) == ["inner-1", "inner-2"])
            #expect(Set(emitted.map(\.properties.correlationID)) == ["inner-1", "inner-2"])
            #expect(try await host.stop() == 0)
        }
    }
}
