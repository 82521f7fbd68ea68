import AMQP
import FoundationEssentials
import Messaging
import Testing
import Waiting

/// What publishers write beside the payload, and what becomes of it on the way to an endpoint.
@Suite(.hangGuard)
struct AttributeTests {
    private static let structured = "application/cloudevents+json"

    @Test func `attributes that the runtime gives no meaning to arrive in both formats`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("binary", endpoint.url("/ok/binary"))
            try bed.deployWebhook("structured", endpoint.url("/ok/structured"), "format: structured")
            let host = try await bed.startDelivering()
            let headers = FieldTable([
                ("cloudEvents_dataschema", .string("https://example.com/order v2")),
                ("cloudEvents:tenant", .string("Žofie")),
                ("ce-vip", .boolean(true)), ("ce-count", .integer(3)),
            ])
            try await bed.publish(bed.event(#"{"a":1}"#, id: "e-1", headers: headers))
            let binary = try await endpoint.requests(1, on: "/ok/binary")[0]
            #expect(binary["ce-dataschema"] == "https://example.com/order%20v2")
            #expect(binary["ce-tenant"] == "%C5%BDofie")
            #expect(binary["ce-vip"] == "true" && binary["ce-count"] == "3")
            let structured = try await endpoint.requests(1, on: "/ok/structured")[0]
            for member in [
                #""dataschema":"https://example.com/order v2""#, #""tenant":"Žofie""#, #""vip":true"#, #""count":3"#,
            ] {
                #expect(structured.text.contains(member), "\(structured.text)")
            }
            // What has come in an envelope goes on as well.
            var event = bed.event(#"{"id":"e-2","source":"s","type":"t","tenant":"inner","data":{"b":2}}"#, id: nil)
            event.properties.contentType = Self.structured
            try await bed.publish(event)
            let second = try await endpoint.requests(2, on: "/ok/binary")[1]
            #expect(second["ce-tenant"] == "inner" && second.text == #"{"b":2}"#)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `an envelope whose data is not there is a dead letter, and no empty delivery`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("binary", endpoint.url("/ok/binary"), keys: ["binary"])
            try bed.deployWebhook(
                "structured",
                endpoint.url("/ok/structured"),
                keys: ["structured"],
                "format: structured"
            )
            let host = try await bed.startDelivering()
            func publish(_ body: String, to key: String) async throws {
                var event = bed.event(body, id: nil, key: key)
                event.properties.contentType = Self.structured
                try await bed.publish(event)
            }
            let attributes = #""specversion":"1.0","id":"e-1","source":"s","type":"t""#
            let wrong = "{\(attributes),\"data_base64\":\"no base64\"}"
            try await publish(wrong, to: "binary")
            try await publish("{\(attributes)}", to: "binary")
            try await publish(wrong, to: "structured")
            try await publish("{\(attributes)}", to: "structured")
            let binary = try await bed.reader(bed.deadLetters("binary")).messages(2)
            #expect(binary.allSatisfy { $0.text("warren-dead-reason") == "undecodable" })
            let reasons = binary.compactMap { $0.text("warren-error") }
            #expect(reasons.contains("envelope.data_base64: expected base64"))
            #expect(reasons.contains { $0.hasPrefix("envelope: neither data nor data_base64 is there") }, "\(reasons)")
            let letter = try await bed.reader(bed.deadLetters("structured")).message()
            #expect(letter.text == wrong && letter.text("warren-dead-reason") == "undecodable")
            // An event without data is one, and an envelope can say so.
            let request = try await endpoint.requests(1, on: "/ok/structured")[0]
            #expect(request.text.contains(#""type":"t""#) && !request.text.contains("data_base64"))
            #expect(endpoint.requests("/ok/binary").isEmpty)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a compressed payload goes through as it is, and says so`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("binary", endpoint.url("/ok/binary"))
            try bed.deployWebhook("structured", endpoint.url("/ok/structured"), "format: structured")
            try bed.deployWebhook("template", endpoint.url("/ok/template"), "template: '{\"a\": {{ payload.a }}}'")
            let host = try await bed.startDelivering()
            // An empty JSON object, compressed.
            let gzip: [UInt8] = [
                0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0,
            ]
            var event = bed.event("", id: "e-1")
            event.body = gzip[...]
            event.properties.contentEncoding = "X-GZip"
            try await bed.publish(event)
            let binary = try await endpoint.requests(1, on: "/ok/binary")[0]
            #expect(binary["content-encoding"] == "gzip" && Array(binary.body) == gzip)
            let structured = try await endpoint.requests(1, on: "/ok/structured")[0]
            #expect(structured["content-encoding"] == nil)
            #expect(structured.text.contains(#""contentencoding":"gzip""#))
            #expect(structured.text.contains("\"data_base64\":\"\(Data(gzip).base64EncodedString())\""))
            let letter = try await bed.reader(bed.deadLetters("template")).message()
            #expect(letter.text("warren-dead-reason") == "undecodable")
            #expect(letter.text("warren-error")?.contains("compressed (content-encoding gzip)") == true)
            // Kombu writes the name of a character set there.
            var plain = bed.event(#"{"a":1}"#, id: "e-2")
            plain.properties.contentEncoding = "utf-8"
            try await bed.publish(plain)
            let second = try await endpoint.requests(2, on: "/ok/binary")[1]
            #expect(second["content-encoding"] == nil && second.text == #"{"a":1}"#)
            try await endpoint.requests(1, on: "/ok/template")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a timestamp in milliseconds is understood, and told of once`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"))
            let host = try await bed.startDelivering()
            for number in 1...3 {
                var event = bed.event("{}", id: "e-\(number)", source: "old-shop")
                event.properties.timestamp = 1_769_860_800_000 + UInt64(number)
                try await bed.publish(event)
            }
            let requests = try await endpoint.requests(3, on: "/ok")
            #expect(
                Set(requests.compactMap { $0["ce-time"] })
                    == ["2026-01-31T12:00:00.001Z", "2026-01-31T12:00:00.002Z", "2026-01-31T12:00:00.003Z"]
            )
            #expect(try await host.stop() == 0)
            let told = host.log.filter { $0.message.hasPrefix("a publisher writes the timestamp property in milli") }
            #expect(told.count == 1)
            #expect(told.first?["publisher"] == "old-shop" && told.first?["webhook"] == "crm")
        }
    }
}
