import AMQP
import FoundationEssentials
import Messaging
import Testing
import Waiting

/// Webhooks come, change and go while the host runs.
@Suite(.hangGuard)
struct WebhookReloadTests {
    @Test func `another address takes over, and a mistake changes nothing`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok/old"))
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            try await endpoint.requests(1, on: "/ok/old")
            try bed.deployWebhook("crm", "ftp://127.0.0.1/")
            try await host.wait(for: "the refusal") { log in
                log.contains { $0.message.contains("the address begins with neither https:// nor http://") }
            }
            try await bed.publish(bed.event("{}", id: "e-2"))
            try await endpoint.requests(2, on: "/ok/old")
            try bed.deployWebhook("crm", endpoint.url("/ok/new"))
            try await host.says("switched to the new version")
            try await bed.publish(bed.event("{}", id: "e-3"))
            try await endpoint.requests(1, on: "/ok/new")
            #expect(endpoint.requests("/ok/old").map(\.id) == ["e-1", "e-2"])
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a paused webhook goes on as soon as its manifest is mended`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/status/410"))
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...20).map { "e-\($0)" }, "{}")
            try await host.says("paused")
            try bed.deployWebhook("crm", endpoint.url("/ok"))
            try await endpoint.requests(20, on: "/ok")
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: Set(endpoint.requests("/ok").map(\.id)),
                function: "crm"
            )
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.dead.isEmpty)
        }
    }

    @Test func `a new secret signs from the moment that its file changes`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let file = "\(bed.directory)/secret"
            try bed.tell(file, TestBed.secret)
            try bed.deployWebhook("crm", endpoint.url("/ok"), "secrets: [{ fromFile: \(file) }]")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let other = "whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM="
            try await endpoint.requests(1, on: "/ok")
            try bed.tell(file, other)
            try await host.says("switched to the new version")
            try await bed.publish(bed.event("{}", id: "e-2"))
            let requests = try await endpoint.requests(2, on: "/ok")
            for (request, secret) in zip(requests, [TestBed.secret, other]) {
                let verified = try await ObservedCommand.run(
                    [
                        "webhook", "verify", "--id", request.id, "--timestamp", request["webhook-timestamp"] ?? "",
                        "--signature", request["webhook-signature"] ?? "", "--data", request.text,
                    ],
                    environment: ["WARREN_WEBHOOK_SECRET": secret]
                )
                #expect(verified.status == 0, "\(request.id): \(verified.errorText)")
            }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `reloads under load lose nothing and deliver nothing twice`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok/0"))
            let host = try await bed.startDelivering()
            var confirmed: Set<String> = []
            for version in 1...20 {
                confirmed.formUnion(await bed.publish(ids: (1...100).map { "e-\(version)-\($0)" }, "{}"))
                try bed.deployWebhook("crm", endpoint.url("/ok/\(version)"))
                try await host.wait(for: "version \(version)") { log in
                    log.count { $0.message == "switched to the new version" } >= version
                }
            }
            try await wait(for: "all deliveries") { Set(endpoint.requests.map(\.id)) == confirmed }
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.count == confirmed.count)
            #expect(try await bed.drainQueue(bed.deadLetters("crm")).isEmpty)
        }
    }
}
