import FoundationEssentials
import Manifests
import Messaging
import Testing

struct WebhookManifestTests {
    @Test func `every field is read`() throws {
        let text = #"""
            apiVersion: warren/v1
            kind: Webhook
            name: crm
            url: https://crm.example.com:8443/hooks?tenant=1
            queue: legacy.crm
            events:
              exchange: shop
              keys: [order.placed, "order.*.amended", 'order.#']
            secrets: [{ fromEnv: CRM_SECRET }, { fromFile: /run/secrets/crm }]
            template: |
              { "id": {{ payload.id }} }
            headers:
              X-Tenant: acme
              X-Token: { fromEnv: CRM_TOKEN }
            auth:
              oauth2:
                tokenURL: https://login.example.com/token
                clientID: warren
                clientSecret: { fromFile: /run/secrets/client }
                scopes: [hooks, "read:all"]
                audience: https://crm.example.com
            tls: { ca: /etc/ssl/crm.pem, certificate: /etc/ssl/warren.pem, key: /run/secrets/warren.key }
            http2: true
            concurrency: 32
            rate: 100/m
            ordered: false
            timeout: 5m
            retry:
              maxAttempts: 7
              backoff: { initial: 250ms, multiplier: 1.5, max: 2h, jitter: 0 }
              maxDeferrals: 0
            rejectOn: [400, 422, 499]
            breaker: { failures: 20, window: 5m, pause: 100ms }
            onRemove: delete
            """#
        let manifest = try #require(ManifestText.webhooks(text).first)
        #expect(ManifestText.problems(text) == [])
        let expected = WebhookManifest(
            consumer: ConsumerManifest(
                kind: .webhook,
                name: "crm",
                exchange: "shop",
                keys: [
                    try RoutingPattern("order.placed"),
                    try RoutingPattern("order.*.amended"),
                    try RoutingPattern("order.#"),
                ],
                queue: "legacy.crm",
                concurrency: 32,
                rate: try DeliveryRate("100/m"),
                timeout: .seconds(300),
                retry: RetryPolicy(
                    maxAttempts: 7,
                    backoff: Backoff(initial: .milliseconds(250), multiplier: 1.5, max: .seconds(7200), jitter: 0),
                    maxDeferrals: 0
                ),
                breaker: BreakerPolicy(failures: 20, window: .seconds(300), pause: .milliseconds(100)),
                onRemove: .delete,
                locations: ConsumerManifest.Locations(everywhere: .start(of: "elsewhere"))
            ),
            url: try WebhookURL("https://crm.example.com:8443/hooks?tenant=1"),
            secrets: [.fromEnvironment("CRM_SECRET"), .fromFile("/run/secrets/crm")],
            format: .binary,
            template: try PayloadTemplate("{ \"id\": {{ payload.id }} }\n"),
            headers: ["X-Tenant": .literal("acme"), "X-Token": .fromEnvironment("CRM_TOKEN")],
            authentication: .oauth2(
                OAuthClient(
                    tokenURL: try WebhookURL("https://login.example.com/token"),
                    clientID: .literal("warren"),
                    clientSecret: .fromFile("/run/secrets/client"),
                    scopes: ["hooks", "read:all"],
                    audience: "https://crm.example.com"
                )
            ),
            tls: TLSFiles(ca: "/etc/ssl/crm.pem", certificate: "/etc/ssl/warren.pem", key: "/run/secrets/warren.key"),
            http2: true,
            rejectOn: [400, 422, 499]
        )
        #expect(manifest == expected)
        #expect(manifest.tls.paths == ["/etc/ssl/crm.pem", "/etc/ssl/warren.pem", "/run/secrets/warren.key"])
        func place(_ line: Int, _ column: Int) -> Manifests.SourceLocation {
            Manifests.SourceLocation(file: ManifestText.file, line: line, column: column)
        }
        #expect(manifest.source == place(1, 1))
        #expect(manifest.locations.name == place(3, 7))
        #expect(manifest.locations.target == place(4, 6))
        #expect(manifest.locations.queue == place(5, 8))
        #expect(manifest.locations.exchange == place(7, 13))
    }

    @Test func `defaults fill what is not written`() throws {
        let text = ManifestText.webhook()
        let manifest = try #require(ManifestText.webhooks(text).first)
        #expect(ManifestText.problems(text) == [])
        let expected = WebhookManifest(
            consumer: ConsumerManifest(
                kind: .webhook,
                name: "crm",
                exchange: "events",
                keys: [try RoutingPattern("order.placed")],
                queue: nil,
                concurrency: 8,
                batch: nil,
                rate: nil,
                ordered: false,
                timeout: .seconds(15),
                retry: RetryPolicy(
                    maxAttempts: 10,
                    backoff: Backoff(initial: .seconds(5), multiplier: 5, max: .seconds(24 * 3600), jitter: 0.2),
                    maxDeferrals: 100
                ),
                breaker: BreakerPolicy(failures: 5, window: .seconds(60), pause: .seconds(5)),
                onRemove: .keep,
                locations: ConsumerManifest.Locations(everywhere: .start(of: "elsewhere"))
            ),
            url: try WebhookURL("https://example.com/hooks"),
            secrets: [],
            format: .binary,
            template: nil,
            headers: [:],
            authentication: nil,
            tls: TLSFiles(ca: nil, certificate: nil, key: nil),
            http2: false,
            rejectOn: []
        )
        #expect(manifest == expected)
        #expect(manifest.consumer.queueName(namespace: "warren") == "warren.crm")
        #expect(manifest.values == [:])
    }

    @Test(
        arguments: [
            ("retry: { maxAttempts: 3 }", 3, .seconds(5), 5, .seconds(86_400)),
            ("retry: { backoff: { initial: 1s } }", 10, .seconds(1), 5, .seconds(86_400)),
            ("retry: { backoff: { multiplier: 2, max: 1h } }", 10, .seconds(5), 2, .seconds(3600)),
        ] as [(String, Int, Duration, Double, Duration)]
    )
    func `a part of the schedule leaves the rest of the webhook's default`(
        lines: String,
        attempts: Int,
        initial: Duration,
        multiplier: Double,
        longest: Duration
    ) throws {
        let retry = try #require(ManifestText.webhooks(ManifestText.webhook(adding: lines)).first).retry
        #expect(retry.maxAttempts == attempts)
        #expect(retry.backoff == Backoff(initial: initial, multiplier: multiplier, max: longest, jitter: 0.2))
    }

    @Test(
        arguments: [
            ("auth: { bearer: { fromEnv: A } }", .bearer(.fromEnvironment("A"))),
            ("auth: { bearer: hush }", .bearer(.literal("hush"))),
            (
                "auth: { basic: { user: warren, password: { fromFile: /p } } }",
                .basic(user: .literal("warren"), password: .fromFile("/p"))
            ),
            (
                "auth: { apiKey: { header: X-API-Key, value: { fromEnv: A } } }",
                .apiKey(header: "X-API-Key", value: .fromEnvironment("A"))
            ),
        ] as [(String, WebhookAuthentication)]
    )
    func `each way to show who it is is read`(lines: String, authentication: WebhookAuthentication) throws {
        let manifest = try #require(ManifestText.webhooks(ManifestText.webhook(adding: lines)).first)
        #expect(manifest.authentication == authentication)
    }

    @Test func `a secret may be written in the manifest, alone or in a list`() throws {
        let secret = "whsec_" + Data(0..<32).base64EncodedString()
        for lines in ["secret: \(secret)", "secrets: [\(secret)]"] {
            let manifest = try #require(ManifestText.webhooks(ManifestText.webhook(adding: lines)).first)
            #expect(manifest.secrets == [.literal(secret)])
            #expect(!String(reflecting: manifest).contains(secret))
        }
    }

    @Test func `every value that is fetched has its place`() throws {
        let text = ManifestText.webhook(
            adding: """
                secrets: [{ fromEnv: S0 }, { fromEnv: S1 }]
                headers: { X-A: { fromEnv: A }, X-B: b }
                auth: { oauth2: { tokenURL: "https://l.example", clientID: c, clientSecret: { fromEnv: S } } }
                """
        )
        let manifest = try #require(ManifestText.webhooks(text).first)
        #expect(
            manifest.values == [
                "secrets[0]": .fromEnvironment("S0"), "secrets[1]": .fromEnvironment("S1"),
                "headers.X-A": .fromEnvironment("A"), "headers.X-B": .literal("b"),
                "auth.oauth2.clientID": .literal("c"),
                "auth.oauth2.clientSecret": .fromEnvironment("S"),
            ]
        )
    }

    /// Each line at the edge of what is allowed.
    @Test(arguments: [
        "timeout: 1ms", "timeout: 5m", "concurrency: 10000", "rate: 6/h", "rate: 100000/s", "rejectOn: []",
        "rejectOn: [400, 499, 400]", "headers: {}", "format: structured", "format: binary\ntemplate: '{{ payload }}'",
        "http2: false",
        "ordered: true\nconcurrency: 1\nrate: 1/s", "tls: {}", "tls: { ca: / }", "breaker: {}", "auth: { bearer: 1 }",
    ])
    func `the bounds themselves are allowed`(lines: String) {
        let text = ManifestText.webhook(adding: lines)
        #expect(ManifestText.problems(text) == [])
        #expect(ManifestText.webhooks(text).count == 1)
    }
}
