import Messaging
import Testing
import Waiting

/// No secret of a webhook is ever seen by anybody but its endpoint.
@Suite(.hangGuard)
struct ConfidentialityTests {
    private static let environment = [
        "HOOK_SECRET": TestBed.secret, "TOKEN": "t0ken-of-the-crm", "OWN": "own-header-value",
    ]

    @Test func `an endpoint that repeats the request reveals nothing in logs, status or dead letters`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/echo/500?key=query-secret"),
                """
                secret: { fromEnv: HOOK_SECRET }
                auth: { bearer: { fromEnv: TOKEN } }
                headers: { X-Own: { fromEnv: OWN } }
                retry: { maxAttempts: 2, backoff: { initial: 100ms } }
                """
            )
            let host = try await bed.startDelivering(environment: Self.environment)
            try await bed.publish(bed.event(#"{"card":"4711-payload"}"#, id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(try await host.stop() == 0)
            let answer = try #require(letter.text("warren-http-response"))
            #expect(answer.contains("[redacted]"), "the endpoint has repeated the request")
            #expect(answer.utf8.count <= 2048)
            let request = try #require(endpoint.requests.first)
            #expect(request["authorization"] == "Bearer t0ken-of-the-crm" && request["x-own"] == "own-header-value")
            let headers = letter.headers.entries.map { "\($0)" }.joined()
            for secret in Array(Self.environment.values) + ["query-secret"] {
                #expect(!host.warren.errors.contains(secret) && !host.warren.output.contains(secret), "in the log")
                #expect(!headers.contains(secret), "in the dead letter")
            }
            #expect(!host.warren.errors.contains("4711-payload"))
        }
    }

    struct Flaw: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: String
        let environment: [String: String]
        let says: String
    }

    static let flaws = [
        Flaw(
            testDescription: "no variable",
            settings: "secret: { fromEnv: HOOK_SECRET }",
            environment: [:],
            says: "secrets[0] wants the variable HOOK_SECRET"
        ),
        Flaw(
            testDescription: "a short secret",
            settings: "secret: { fromEnv: HOOK_SECRET }",
            environment: ["HOOK_SECRET": "whsec_c2hvcnQtc2VjcmV0"],
            says: "secrets[0]: the secret has 12 bytes"
        ),
        Flaw(
            testDescription: "no base64",
            settings: "secret: { fromEnv: HOOK_SECRET }",
            environment: ["HOOK_SECRET": "whsec_c2hvcnQtc2VjcmV0!!"],
            says: "secrets[0]: what follows the secret's prefix is not base64"
        ),
        Flaw(
            testDescription: "a line break in a header",
            settings: "headers: { X-Own: { fromEnv: OWN } }",
            environment: ["OWN": "c2hvcnQtc2VjcmV0\r\nX-Evil: 1"],
            says: "the value of headers.X-Own cannot be used: it contains a line break"
        ),
    ]

    @Test(arguments: Self.flaws)
    func `a secret that is of no use is named, not shown, and the events wait`(_ flaw: Flaw) async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), flaw.settings)
            let host = try await bed.startHost(
                arguments: ["--allow-network", "127.0.0.0/8"],
                environment: flaw.environment,
                waitingFor: "unhealthy"
            )
            #expect(host.log.contains { $0.message == "unhealthy" && $0["reason"]?.contains(flaw.says) == true })
            #expect(!host.warren.errors.contains("c2hvcnQtc2VjcmV0"))
            #expect(try await host.stop() == 0)
            #expect(endpoint.requests.isEmpty)
        }
    }
}
