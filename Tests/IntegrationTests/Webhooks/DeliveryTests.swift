import AMQP
import FoundationEssentials
import Messaging
import Testing
import Waiting
import Webhooks

/// What an endpoint gets, and what becomes of the event by its answer.
@Suite(.hangGuard)
struct DeliveryTests {
    @Test func `an event arrives once, signed, with its attributes, and is gone from the queue`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), "secret: \(TestBed.secret)")
            let host = try await bed.startDelivering()
            let headers = FieldTable([
                ("traceparent", .string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
                ("cloudEvents_subject", .string("Žofie 7")),
            ])
            try await bed.publish(bed.event(#"{"a":1}"#, id: "e-1", correlationID: "story", headers: headers))
            let request = try await endpoint.requests(1, on: "/ok")[0]
            #expect(request.method == "POST")
            #expect(request.text == #"{"a":1}"#)
            #expect(request["content-type"] == "application/json")
            #expect(request["webhook-id"] == "e-1")
            #expect(request["ce-id"] == "e-1" && request["ce-type"] == "work" && request["ce-specversion"] == "1.0")
            #expect(request["ce-correlationid"] == "story")
            #expect(request["ce-subject"] == "%C5%BDofie%207")
            #expect(request["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            #expect(request["user-agent"]?.hasPrefix("Warren") == true && request["expect"] == nil)
            // Checked by the command that receivers have.
            let verified = try await ObservedCommand.run(
                [
                    "webhook", "verify", "--secret", TestBed.secret, "--id", request.id,
                    "--timestamp", request["webhook-timestamp"] ?? "", "--data", request.text,
                    "--signature", request["webhook-signature"] ?? "",
                ]
            )
            #expect(verified.status == 0 && verified.text == "valid\n", "\(verified.errorText)")
            #expect(try await host.stop() == 0)
            #expect(try await bed.broker.inspect(queue: bed.queue("crm"))?.readyMessages == 0)
            #expect(endpoint.requests.count == 1)
        }
    }

    @Test func `connections are used again`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), "concurrency: 4")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...200).map { "e-\($0)" }, "{}")
            let requests = try await endpoint.requests(200, on: "/ok")
            #expect(Set(requests.map(\.id)) == confirmed && requests.count == 200)
            #expect(Set(requests.map(\.connection)).count <= 4)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a failed delivery is retried with the same id and a new timestamp, until it is taken`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/fail-first/2"),
                """
                secret: \(TestBed.secret)
                retry: { maxAttempts: 3, backoff: { initial: 1s, multiplier: 1, max: 1s, jitter: 0 } }
                """
            )
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let requests = try await endpoint.requests(3, on: "/fail-first/2")
            #expect(requests.map(\.id) == ["e-1", "e-1", "e-1"])
            #expect(Set(requests.map { $0["webhook-timestamp"] }).count == 3)
            #expect(Set(requests.map { $0["webhook-signature"] }).count == 3)
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(confirmed: ["e-1"], handled: ["e-1"], function: "crm")
            #expect(ledger.dead.isEmpty && ledger.queued.isEmpty)
        }
    }

    @Test func `an event that is never taken becomes a dead letter with the endpoint's answer`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/status/503"),
                "retry: { maxAttempts: 2, backoff: { initial: 100ms, jitter: 0 } }"
            )
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.id == "e-1")
            #expect(letter.text("warren-dead-reason") == "exhausted")
            #expect(letter.text("warren-error-type") == "http_503")
            #expect(letter.number("warren-attempt") == 2)
            #expect(letter.number("warren-http-status") == 503)
            #expect((letter.number("warren-http-duration-ms") ?? -1) >= 0)
            #expect(letter.text("warren-http-response") == "status 503")
            #expect(letter.text("warren-function") == "crm")
            #expect(letter.text("warren-original-routing-key") == "work")
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.count == 2)
        }
    }

    @Test func `what an endpoint says that it will never take is dead-lettered at once`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/status/422"), "rejectOn: [400, 422]")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.text("warren-dead-reason") == "rejected")
            #expect(letter.number("warren-http-status") == 422 && letter.number("warren-attempt") == 1)
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.count == 1)
        }
    }

    @Test func `a template makes the body, and an event without what it wants is a dead letter`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/ok"),
                """
                template: |
                  {"order": {{ payload.order.id }}, "text": "by {{ payload.who }}", "note": {{ payload.note? }}}
                """
            )
            let host = try await bed.startDelivering()
            try await bed.publish(
                bed.event(#"{"order":{"id":12345678901234567890},"who":"Ada \"the\" first"}"#, id: "e-1")
            )
            try await bed.publish(bed.event(#"{"who":"Ada"}"#, id: "e-2"))
            try await bed.publish(bed.event("not json", id: "e-3"))
            let request = try await endpoint.requests(1, on: "/ok")[0]
            #expect(
                request.text.split(separator: "\n").joined()
                    == #"{"order": 12345678901234567890, "text": "by Ada \"the\" first", "note": null}"#
            )
            let letters = try await bed.reader(bed.deadLetters("crm")).messages(2)
            #expect(letters.map(\.id) == ["e-2", "e-3"])
            #expect(letters.allSatisfy { $0.text("warren-dead-reason") == "undecodable" })
            #expect(letters[0].text("warren-error")?.contains("payload.order.id") == true)
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.count == 1)
        }
    }

    /// Large ones are composed beside the others.
    @Test func `large events are composed like small ones, signed and whole, and one that cannot be is a dead letter`()
        async throws
    {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/ok"),
                """
                template: '{"of": "{{ id }}", "items": {{ payload.items }}}'
                secret: \(TestBed.secret)
                """
            )
            let host = try await bed.startDelivering()
            let sizes = ["e-1": 1, "e-2": 2 << 20, "e-3": 100, "e-4": 1 << 20, "e-5": 200_000]
            let items = sizes.mapValues { "\"\(String(repeating: "x", count: $0))\"" }
            var events = items.map { bed.event("{\"items\":\($0.value)}", id: $0.key) }
            events.append(bed.event(String(repeating: "x", count: 1 << 20), id: "bad"))
            #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
            let verifier = try WebhookVerifier(keys: [TestBed.secret])
            let requests = try await endpoint.requests(5, on: "/ok")
            #expect(Set(requests.map(\.id)) == Set(sizes.keys))
            for request in requests {
                let body = "{\"of\": \"\(request.id)\", \"items\": \(items[request.id] ?? "")}"
                #expect(request.body == Data(body.utf8), "\(request.id): \(request.body.count) bytes")
                try verifier.verify(
                    id: request.id,
                    timestamp: request["webhook-timestamp"],
                    signature: request["webhook-signature"],
                    body: Array(request.body)[...],
                    now: 0,
                    tolerance: nil
                )
            }
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.id == "bad" && letter.text("warren-dead-reason") == "undecodable")
            #expect(letter.text("warren-error")?.contains("not JSON") == true)
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.count == 5)
        }
    }

    @Test func `structured mode carries attributes and payload in one envelope`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), "format: structured")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event(#"{"price":1.10}"#, id: "e-1"))
            let request = try await endpoint.requests(1, on: "/ok")[0]
            #expect(request["content-type"] == "application/cloudevents+json; charset=UTF-8")
            #expect(request["ce-id"] == nil)
            let start = #"{"specversion":"1.0","id":"e-1","type":"work","source":"shop","correlationid":"e-1","#
            #expect(request.text == start + #""datacontenttype":"application/json","data":{"price":1.10}}"#)
            #expect(try await host.stop() == 0)
        }
    }

    struct Login: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: String
        let header: String
        let value: String
    }

    static let logins = [
        Login(
            testDescription: "bearer",
            settings: "auth: { bearer: { fromEnv: TOKEN } }",
            header: "authorization",
            value: "Bearer t0ken"
        ),
        Login(
            testDescription: "basic",
            settings: "auth: { basic: { user: ada, password: { fromEnv: TOKEN } } }",
            header: "authorization",
            value: "Basic \(Data("ada:t0ken".utf8).base64EncodedString())"
        ),
        Login(
            testDescription: "API key",
            settings: "auth: { apiKey: { header: X-Key, value: { fromEnv: TOKEN } } }",
            header: "x-key",
            value: "t0ken"
        ),
        Login(
            testDescription: "a header of one's own",
            settings: "headers: { X-Env: test, X-Own: { fromEnv: TOKEN } }",
            header: "x-own",
            value: "t0ken"
        ),
    ]

    @Test(arguments: Self.logins)
    func `credentials come from the environment and go into their header`(_ login: Login) async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), login.settings)
            let host = try await bed.startDelivering(environment: ["TOKEN": "t0ken"])
            try await bed.publish(bed.event("{}", id: "e-1"))
            let request = try await endpoint.requests(1, on: "/ok")[0]
            #expect(request[login.header] == login.value)
            #expect(try await host.stop() == 0)
        }
    }
}
