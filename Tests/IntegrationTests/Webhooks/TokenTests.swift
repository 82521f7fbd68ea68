import Messaging
import Testing
import Waiting

/// OAuth 2: tokens are fetched, kept, and fetched anew when they are refused.
@Suite(.hangGuard)
struct TokenTests {
    private static func settings(_ endpoint: Endpoint, _ path: String) -> String {
        """
        auth:
          oauth2:
            tokenURL: \(endpoint.url(path))
            clientID: warren
            clientSecret: { fromEnv: CLIENT_SECRET }
            scopes: [hooks.write, "a&b"]
            audience: crm
        """
    }

    private static let environment = ["CLIENT_SECRET": "cl13nt-secret"]

    @Test func `one token does for many deliveries`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/bearer/token-1"), Self.settings(endpoint, "/oauth/token"))
            let host = try await bed.startDelivering(environment: Self.environment)
            let confirmed = await bed.publish(ids: (1...50).map { "e-\($0)" }, "{}")
            let requests = try await endpoint.requests(50, on: "/bearer/token-1")
            #expect(Set(requests.map(\.id)) == confirmed)
            let grants = endpoint.requests("/oauth/token")
            #expect(grants.count == 1)
            #expect(grants.first?.text == "grant_type=client_credentials&scope=hooks.write+a%26b&audience=crm")
            #expect(grants.first?["authorization"] == "Basic d2FycmVuOmNsMTNudC1zZWNyZXQ=")
            #expect(grants.first?["content-type"] == "application/x-www-form-urlencoded")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a refused token is fetched anew, and the delivery burns no attempt`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let token = "\(bed.directory)/token"
            try bed.tell(token, "token-1")
            let path = "/bearer-file/\(token.segment)"
            try bed.deployWebhook(
                "crm",
                endpoint.url(path),
                Self.settings(endpoint, "/oauth/token") + "\nretry: { maxAttempts: 1 }"
            )
            let host = try await bed.startDelivering(environment: Self.environment)
            try await bed.publish(bed.event("{}", id: "e-1"))
            try await endpoint.requests(1, on: path)
            // Revoked.
            try bed.tell(token, "token-2")
            try await bed.publish(bed.event("{}", id: "e-2"))
            let requests = try await endpoint.requests(3, on: path)
            #expect(requests.map(\.id) == ["e-1", "e-2", "e-2"])
            #expect(requests.map { $0["authorization"] } == ["token-1", "token-1", "token-2"].map { "Bearer \($0)" })
            #expect(try await host.stop() == 0)
            #expect(try await bed.drainQueue(bed.deadLetters("crm")).isEmpty)
        }
    }

    @Test(arguments: ["/oauth/denied", "/oauth/broken", "/never"])
    func `without a token the delivery fails, and says why`(path: String) async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let timeout = path == "/never" ? "1s" : "2m"
            try bed.deployWebhook(
                "crm",
                endpoint.url("/ok"),
                Self.settings(endpoint, path) + "\nretry: { maxAttempts: 1 }\ntimeout: \(timeout)"
            )
            let host = try await bed.startDelivering(environment: Self.environment)
            try await bed.publish(bed.event("{}", id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.text("warren-error-type") == "oauth_error")
            #expect(letter.text("warren-error")?.contains("token endpoint") == true)
            #expect(endpoint.requests("/ok").isEmpty)
            #expect(try await host.stop() == 0)
            #expect(!host.warren.errors.contains("cl13nt-secret"))
        }
    }

    @Test func `an endpoint that refuses every token gets two tries an attempt`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/status/401"),
                Self.settings(endpoint, "/oauth/token") + "\nretry: { maxAttempts: 1 }"
            )
            let host = try await bed.startDelivering(environment: Self.environment)
            try await bed.publish(bed.event("{}", id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.text("warren-error-type") == "http_401")
            #expect(endpoint.requests("/status/401").count == 2 && endpoint.requests("/oauth/token").count == 2)
            #expect(try await host.stop() == 0)
        }
    }
}
