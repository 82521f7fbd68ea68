import FoundationEssentials
import Manifests
import Messaging
import Testing

@testable import Webhooks

struct DeliveryComposerTests {
    private static let now: Int64 = 1_769_860_801

    private func compose(
        _ manifest: WebhookManifest,
        _ event: EventView,
        token: String? = nil,
        now: Int64 = Self.now,
        _ environment: [String: String] = [:]
    ) throws -> (headers: HeaderBlock, body: ArraySlice<UInt8>) {
        try DeliveryComposer(manifest, manifest.credentials(environment)).compose(event, token: token, now: now)
    }

    private func text(_ body: ArraySlice<UInt8>) -> String { String(decoding: body, as: UTF8.self) }

    // MARK: - Formats

    @Test func `in binary mode the payload is the body, and the attributes are headers`() throws {
        let payload: [UInt8] = [0, 0xff] + Array("{ \n".utf8)
        let event = EventView.test(.full, headers: .full, body: payload)
        let (headers, body) = try self.compose(.test(), event)
        #expect(Array(body) == payload)
        #expect(
            headers.lines.sorted() == [
                "Expect: ", "ce-causationid: e-0", "ce-correlationid: c-1", "ce-id: e-1", "ce-source: /shop",
                "ce-specversion: 1.0", "ce-subject: order%2017", "ce-time: 2026-01-31T12:00:00Z",
                "ce-type: shop.order.placed", "content-type: application/json; charset=utf-8", "traceparent: 00-1-2-01",
                "tracestate: a=b,c=d", "webhook-id: e-1", "webhook-timestamp: 1769860801",
            ]
        )
    }

    /// Sources: CloudEvents 1.0.2, section 3.1; AMQP binding 1.0.2, section 3.1; HTTP binding 1.0.2, section 3.1.3.
    @Test func `further attributes of any type are headers, percent-encoded, and what is none is not`() throws {
        let headers = FieldTable([
            ("cloudEvents_dataschema", .string("https://example.com/a schema")),
            ("cloudEvents:tenant", .string("\u{e9}\"%")),
            ("ce-Flag", .boolean(false)), ("ce-count", .integer(-3)), ("ce-at", .timestamp(1_769_860_800_250)),
            ("ce-ratio", .double(0.5)), ("ce-bytes", .bytes([1, 2])), ("ce-empty", .string("")),
            ("ce-table", .table([:])), ("ce-void", .void), ("ce-under_score", .string("x")), ("ce-", .string("x")),
            ("ce-ID", .string("x")), ("ce-specversion", .string("0.3")), ("ce-data", .string("x")),
            ("ce-long", .string(String(repeating: "x", count: 4097))), ("other", .string("x")),
            ("warren-x", .string("x")),
            ("ce-line", .string("a\r\nx-evil: 1")),
        ])
        let (lines, _) = try self.compose(.test(), .test(table: headers))
        #expect(
            lines.lines.filter { $0.hasPrefix("ce-") }.sorted() == [
                "ce-at: 2026-01-31T12:00:00.250Z", "ce-bytes: AQI=", "ce-correlationid: e-1", "ce-count: -3",
                "ce-dataschema: https://example.com/a%20schema", "ce-flag: false", "ce-id: e-1",
                "ce-line: a%0D%0Ax-evil:%201", "ce-ratio: 0.5", "ce-source: unknown", "ce-specversion: 1.0",
                "ce-tenant: %C3%A9%22%25", "ce-type: order.placed",
            ]
        )
    }

    /// RabbitMQ sorts the headers of a message that it delivers again.
    @Test func `of several headers for one attribute the same one counts in any order`() throws {
        let pairs = [("ce-tenant", "c"), ("cloudEvents:tenant", "b"), ("cloudEvents_tenant", "a")]
        for headers in [pairs, pairs.reversed()] {
            #expect(try self.compose(.test(), .test(headers: headers)).headers["ce-tenant"] == ["a"])
        }
    }

    @Test func `the extensions of an envelope are headers, and win over the message's`() throws {
        let event = EventView.test(
            .test(contentType: "application/cloudevents+json"),
            headers: [("ce-tenant", "outer"), ("ce-zone", "z")],
            #"{"tenant":"inner","dataschema":"s","flag":true,"number":5,"data":1}"#
        )
        let headers = try self.compose(.test(), event).headers
        #expect(headers["ce-tenant"] == ["inner"])
        #expect(headers["ce-zone"] == ["z"])
        #expect(headers["ce-dataschema"] == ["s"])
        #expect(headers["ce-flag"] == ["true"])
        #expect(headers["ce-number"] == ["5"])
    }

    @Test func `an envelope without data is no body, and no payload for a template`() throws {
        let event = EventView.test(.test(contentType: "application/cloudevents+json"), #"{"id":"inner"}"#)
        let reason = #expect(throws: Undeliverable.self) { _ = try self.compose(.test(), event) }
        #expect(reason?.reason.hasPrefix("envelope: neither data nor data_base64 is there") == true)
        let template = #expect(throws: Undeliverable.self) {
            _ = try self.compose(.test(template: #"{"a":{{ payload.a }}}"#), event)
        }
        #expect(template?.reason.hasPrefix("envelope: neither data nor data_base64 is there") == true)
        let (_, body) = try self.compose(.test(template: #"{"id":{{ id }}}"#), event)
        #expect(self.text(body) == #"{"id":"inner"}"#)
        #expect(throws: Never.self) { _ = try self.compose(.test(format: .structured), event) }
    }

    @Test func `data that claims to be base64 is never delivered as nothing`() throws {
        let event = EventView.test(.test(contentType: "application/cloudevents+json"), #"{"data_base64":"?"}"#)
        for manifest in try [
            WebhookManifest.test(), .test(format: .structured), .test(template: #"{"id":{{ id }}}"#),
        ] {
            #expect(throws: Undeliverable(reason: "envelope.data_base64: expected base64")) {
                _ = try self.compose(manifest, event)
            }
        }
    }

    @Test func `a compressed payload goes through with its coding`() throws {
        var properties = BasicProperties.test(contentType: "application/json")
        properties.contentEncoding = "x-gzip"
        let event = EventView.test(properties, body: [0x1f, 0x8b])
        let (headers, body) = try self.compose(.test(), event)
        #expect(headers["content-encoding"] == ["gzip"])
        #expect(Array(body) == [0x1f, 0x8b])
        // A body that is made here is not compressed.
        #expect(try self.compose(.test(format: .structured), event).headers["content-encoding"] == [])
        #expect(try self.compose(.test(template: "{{ id }}"), event).headers["content-encoding"] == [])
        let wants = #expect(throws: Undeliverable.self) {
            _ = try self.compose(.test(template: "{{ payload }}"), event)
        }
        #expect(wants?.reason.contains("compressed (content-encoding gzip)") == true)
        let own = try self.compose(.test(headers: ["Content-Encoding": .literal("br")]), event)
        #expect(own.headers.names.filter { $0.lowercased() == "content-encoding" } == ["Content-Encoding"])
    }

    @Test(arguments: ["utf-8", "binary", "identity", "8bit", "", "gzip\r\nx-evil: 1"])
    func `what says nothing about compression is no header`(encoding: String) throws {
        var properties = BasicProperties.test()
        properties.contentEncoding = encoding
        #expect(try self.compose(.test(), .test(properties)).headers["content-encoding"] == [])
    }

    @Test func `what an event does not have is no header`() throws {
        let (headers, _) = try self.compose(.test(), .test())
        #expect(
            headers.lines.sorted() == [
                "Expect: ", "ce-correlationid: e-1", "ce-id: e-1", "ce-source: unknown", "ce-specversion: 1.0",
                "ce-type: order.placed", "content-type: application/json", "webhook-id: e-1",
                "webhook-timestamp: 1769860801",
            ]
        )
    }

    @Test func `a trace state without a trace goes no further`() throws {
        let (headers, _) = try self.compose(.test(), .test(headers: [("tracestate", "a=b")]))
        #expect(headers["tracestate"] == [])
    }

    @Test func `in structured mode an envelope is the body`() throws {
        let event = EventView.test(.full, headers: .full, #"{"a":1}"#)
        let (headers, body) = try self.compose(.test(format: .structured), event)
        #expect(Array(body) == StructuredEnvelope.bytes(event))
        #expect(
            headers.lines.sorted() == [
                "Expect: ", "content-type: application/cloudevents+json; charset=UTF-8", "traceparent: 00-1-2-01",
                "tracestate: a=b,c=d", "webhook-id: e-1", "webhook-timestamp: 1769860801",
            ]
        )
    }

    @Test func `a template makes the body, and the attributes are headers`() throws {
        let event = EventView.test(.test(contentType: "application/vnd.shop+json"), #"{"a":1.0}"#)
        let (headers, body) = try self.compose(.test(template: #"{"id":{{ id }},"a":{{ payload.a }}}"#), event)
        #expect(self.text(body) == #"{"id":"e-1","a":1.0}"#)
        #expect(headers["content-type"] == ["application/json"])
        #expect(headers["ce-id"] == ["e-1"])
    }

    @Test func `an event that a template cannot be filled from is undeliverable`() throws {
        let manifest = try WebhookManifest.test(template: "{{ subject }}")
        #expect(throws: Undeliverable.self) { try self.compose(manifest, .test()) }
    }

    @Test func `the same event at the same second is the same request`() throws {
        let manifest = try WebhookManifest.test(secrets: [TestSecret.symmetric], format: .structured)
        let event = EventView.test(.full, headers: .full, "{}")
        let (one, other) = (try self.compose(manifest, event), try self.compose(manifest, event))
        #expect(one.headers.bytes == other.headers.bytes)
        #expect(one.body == other.body)
    }

    // MARK: - Credentials

    @Test(
        arguments: [
            (.bearer(.fromEnvironment("A")), ["Authorization: Bearer hush"]),
            (
                .basic(user: .literal("wärren"), password: .fromEnvironment("A")),
                ["Authorization: Basic d8OkcnJlbjpodXNo"]
            ),
            (.apiKey(header: "X-API-Key", value: .fromEnvironment("A")), ["X-API-Key: hush"]),
            (nil, []),
        ] as [(WebhookAuthentication?, [String])]
    )
    func `the webhook shows who it is`(authentication: WebhookAuthentication?, lines: [String]) throws {
        let (headers, _) = try self.compose(.test(authentication: authentication), .test(), ["A": "hush"])
        let others = try self.compose(.test(), .test()).headers.lines
        #expect(headers.lines.filter { !others.contains($0) } == lines)
    }

    @Test func `a token is shown where there is one`() throws {
        let manifest = try WebhookManifest.test(authentication: .oauth2(.test()))
        #expect(
            try self.compose(manifest, .test(), token: "hush-token").headers["Authorization"] == ["Bearer hush-token"]
        )
        #expect(try self.compose(manifest, .test()).headers["Authorization"] == [])
    }

    @Test func `headers of the manifest stand in every delivery, sorted`() throws {
        let manifest = try WebhookManifest.test(
            headers: ["X-B": .literal("2"), "X-A": .fromEnvironment("A"), "User-Agent": .literal("ours é")]
        )
        let (headers, _) = try self.compose(manifest, .test(), ["A": "1"])
        #expect(headers.lines.prefix(4) == ["Expect: ", "User-Agent: ours é", "X-A: 1", "X-B: 2"])
    }

    // MARK: - Signatures

    @Test(arguments: [
        [TestSecret.symmetric], [TestSecret.privateKey],
        [TestSecret.symmetric, TestSecret.other, TestSecret.privateKey],
    ])
    func `every secret signs the delivery that is sent`(secrets: [String]) throws {
        for format in WebhookManifest.Format.allCases {
            let event = EventView.test(.full, headers: .full, #"{"a":1}"#)
            let (headers, body) = try self.compose(.test(secrets: secrets, format: format), event)
            let signature = try #require(headers["webhook-signature"].first)
            #expect(signature.split(separator: " ").count == secrets.count)
            for secret in secrets {
                try WebhookVerifier(keys: [secret]).verify(
                    id: headers["webhook-id"].first,
                    timestamp: headers["webhook-timestamp"].first,
                    signature: signature,
                    body: body,
                    now: Self.now
                )
            }
        }
    }

    @Test func `the body of a template is signed as it is sent`() throws {
        let manifest = try WebhookManifest.test(secrets: [TestSecret.symmetric], template: "[{{ payload }}]")
        let (headers, body) = try self.compose(manifest, .test("1"))
        let verifier = try WebhookVerifier(keys: [TestSecret.symmetric])
        func verify(_ body: ArraySlice<UInt8>) throws {
            try verifier.verify(
                id: "e-1",
                timestamp: "\(Self.now)",
                signature: headers["webhook-signature"].first,
                body: body,
                now: Self.now
            )
        }
        try verify(body)
        #expect(throws: WebhookVerifier.Problem.noMatch) { try verify(Array("1".utf8)[...]) }
    }

    @Test func `without secrets nothing is signed`() throws {
        #expect(try self.compose(.test(), .test()).headers["webhook-signature"] == [])
    }

    /// A receiver knows an event again by it.
    @Test(arguments: [("a.b", "a%2Eb"), ("a b", "a%20b"), ("é", "%C3%A9"), ("e-1", "e-1")])
    func `an id is encoded, and the same for every attempt`(id: String, encoded: String) throws {
        let manifest = try WebhookManifest.test(secrets: [TestSecret.symmetric])
        for attempt: Int64 in 0..<3 {
            let (headers, body) = try self.compose(manifest, .test(.test(id: id)), now: Self.now + attempt * 3600)
            #expect(headers["webhook-id"] == [encoded])
            #expect(headers["webhook-timestamp"] == ["\(Self.now + attempt * 3600)"])
            try WebhookVerifier(keys: [TestSecret.symmetric]).verify(
                id: encoded,
                timestamp: "\(Self.now + attempt * 3600)",
                signature: headers["webhook-signature"].first,
                body: body,
                now: Self.now + attempt * 3600
            )
        }
    }

    @Test func `a message without an id has the same one for every attempt`() throws {
        let ids = try (0..<3).map {
            try self.compose(.test(), .test(BasicProperties(), "x"), now: $0).headers["webhook-id"]
        }
        #expect(Set(ids).count == 1)
        #expect(ids.first?.first?.hasPrefix("generated-") == true)
    }
}
