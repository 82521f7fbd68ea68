import FoundationEssentials
import Manifests
import Messaging

extension WebhookManifest {
    static func test(
        url: String = "https://example.com/hooks",
        secrets: [String] = [],
        format: Format = .binary,
        template: String? = nil,
        headers: [String: ValueSource] = [:],
        authentication: WebhookAuthentication? = nil,
        rejectOn: Set<Int> = []
    ) throws -> WebhookManifest {
        WebhookManifest(
            consumer: ConsumerManifest(
                kind: .webhook,
                name: "crm",
                keys: [try RoutingPattern("order.placed")],
                concurrency: Self.defaultConcurrency,
                timeout: Self.defaultTimeout,
                retry: Self.defaultRetry,
                breaker: Self.defaultBreaker,
                locations: ConsumerManifest.Locations(everywhere: .start(of: "crm.yaml"))
            ),
            url: try WebhookURL(url),
            secrets: secrets.map(ValueSource.literal),
            format: format,
            template: try template.map { try PayloadTemplate($0) },
            headers: headers,
            authentication: authentication,
            rejectOn: rejectOn
        )
    }

    /// The credentials that it has where the host's environment is this.
    func credentials(_ environment: [String: String] = [:]) throws -> WebhookCredentials {
        let values = try EnvironmentResolution.resolve(self.values, manifest: self.name, environment: environment)
        return try WebhookCredentials(self, values: values)
    }
}

extension OAuthClient {
    static func test(scopes: [String] = [], audience: String? = nil) throws -> OAuthClient {
        OAuthClient(
            tokenURL: try WebhookURL("https://login.example.com/token"),
            clientID: .literal("warren"),
            clientSecret: .literal("hush-client"),
            scopes: scopes,
            audience: audience
        )
    }
}

/// Secrets that anybody may know.
enum TestSecret {
    static let symmetric = "whsec_" + Data(0..<32).base64EncodedString()
    static let other = "whsec_" + Data(32..<64).base64EncodedString()
    static let privateKey = "whsk_" + Data(64..<96).base64EncodedString()
}
