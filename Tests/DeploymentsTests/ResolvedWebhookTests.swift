import Deployments
import Foundation
import Manifests
import Messaging
import Testing

/// A webhook with what the host has fetched for it: what keeps it from delivering, and when it is another version.
struct ResolvedWebhookTests {
    private static let secret = "whsec_" + Data(0..<32).base64EncodedString()
    private static let other = "whsec_" + Data(32..<64).base64EncodedString()

    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    private func manifest(
        secrets: [ValueSource] = [],
        headers: [String: ValueSource] = [:],
        _ authentication: WebhookAuthentication? = nil,
        tls: TLSFiles = TLSFiles()
    ) throws -> WebhookManifest {
        WebhookManifest(
            consumer: ConsumerManifest(
                kind: .webhook,
                name: "crm",
                keys: [try RoutingPattern("order.placed")],
                concurrency: WebhookManifest.defaultConcurrency,
                timeout: WebhookManifest.defaultTimeout,
                retry: WebhookManifest.defaultRetry,
                locations: ConsumerManifest.Locations(everywhere: .start(of: "crm.yaml"))
            ),
            url: try WebhookURL("https://example.com/hooks"),
            secrets: secrets,
            headers: headers,
            authentication: authentication,
            tls: tls
        )
    }

    private func client() throws -> WebhookAuthentication {
        .oauth2(
            OAuthClient(
                tokenURL: try WebhookURL("https://login.example.com/token"),
                clientID: .literal("warren"),
                clientSecret: .fromEnvironment("CLIENT_SECRET")
            )
        )
    }

    @Test func `a fetched user with a colon is refused, and not shown`() throws {
        let basic = WebhookAuthentication.basic(user: .fromEnvironment("USER"), password: .literal("b"))
        let webhook = ResolvedWebhook(
            try self.manifest(basic),
            environment: ["USER": "hush:word"]
        )
        #expect(webhook.obstacle?.contains("auth.basic.user cannot be used: the user contains a colon") == true)
        #expect(webhook.obstacle?.contains("hush") == false)
    }

    // MARK: - What is fetched

    @Test func `nothing is needed by a webhook that asks for nothing`() throws {
        let webhook = ResolvedWebhook(try self.manifest(), environment: ["A": "hush"])
        #expect(webhook.obstacle == nil)
        guard case .complete(let credentials) = webhook.credentials else { return }
        #expect(credentials.secrets.isEmpty && credentials.headers.isEmpty && credentials.authentication == nil)
        #expect(credentials.confidential == [])
    }

    @Test func `values come from the manifest, the environment and files`() throws {
        try self.directory.write("hush-file\n", to: "password")
        let manifest = try self.manifest(
            secrets: [.fromEnvironment("SECRET"), .literal(Self.other)],
            headers: ["X-B": .literal("b"), "X-A": .fromEnvironment("A")],
            .basic(user: .literal("warren"), password: .fromFile(self.directory.path("password")))
        )
        let webhook = ResolvedWebhook(manifest, environment: ["SECRET": Self.secret, "A": "hush-a", "OTHER": "x"])
        #expect(webhook.obstacle == nil)
        guard case .complete(let credentials) = webhook.credentials else {
            Issue.record("it is not complete")
            return
        }
        #expect(try credentials.secrets == [WebhookSecret(Self.secret), WebhookSecret(Self.other)])
        #expect(credentials.headers.map(\.name) == ["X-A", "X-B"])
        #expect(credentials.headers.map(\.value) == ["hush-a", "b"])
        #expect(credentials.authentication == .basic(user: "warren", password: "hush-file"))
        let confidential = Set(credentials.confidential)
        #expect(confidential.isSuperset(of: [Self.secret, Self.other, "hush-a", "warren", "hush-file"]))
        #expect(!confidential.contains("b"))
    }

    @Test func `nothing that is fetched is ever shown`() throws {
        let manifest = try self.manifest(
            secrets: [.fromEnvironment("SECRET")],
            headers: ["X-A": .fromEnvironment("A")],
            try self.client()
        )
        let environment = ["SECRET": Self.secret, "A": "hush-a", "CLIENT_SECRET": "hush-client"]
        let webhook = ResolvedManifest.webhook(ResolvedWebhook(manifest, environment: environment))
        #expect(webhook.obstacle == nil)
        var shown = "\(webhook) \(String(reflecting: webhook))"
        dump(webhook, to: &shown)
        #expect(shown.contains("X-A"))
        #expect(!shown.contains("hush") && !shown.contains(Self.secret.dropFirst(6)))
    }

    // MARK: - Obstacles

    @Test(arguments: [
        ("SECRET", "secrets[0] wants the variable SECRET, which the host does not have: set it"),
        ("A", "headers.X-A wants the variable A, which the host does not have: set it"),
        (
            "CLIENT_SECRET",
            "auth.oauth2.clientSecret wants the variable CLIENT_SECRET, which the host does not have: set it"
        ),
    ])
    func `a variable that is missing is named, and no value is`(name: String, reason: String) throws {
        let manifest = try self.manifest(
            secrets: [.fromEnvironment("SECRET")],
            headers: ["X-A": .fromEnvironment("A")],
            try self.client()
        )
        var environment = ["SECRET": Self.secret, "A": "hush-a", "CLIENT_SECRET": "hush-client", "OTHER": "hush-other"]
        environment[name] = nil
        let obstacle = try #require(ResolvedWebhook(manifest, environment: environment).obstacle)
        #expect(obstacle == "the environment of 'crm' is incomplete: \(reason)")
    }

    @Test func `everything that is missing is named at once`() throws {
        let missing = self.directory.path("absent")
        let manifest = try self.manifest(
            secrets: [.fromEnvironment("SECRET"), .fromFile(missing)],
            .bearer(.fromEnvironment("TOKEN"))
        )
        let obstacle = try #require(ResolvedWebhook(manifest, environment: [:]).obstacle)
        for part in ["secrets[0]", "SECRET", "secrets[1]", "the file", "auth.bearer", "TOKEN"] {
            #expect(obstacle.contains(part))
        }
    }

    @Test(arguments: [
        ("", "begins with neither 'whsec_' nor 'whsk_'"), ("hush", "begins with neither 'whsec_' nor 'whsk_'"),
        ("whsec_hush!", "is not base64"), ("whsec_aHVzaA==", "the secret has 4 bytes, and 24 to 64 are allowed"),
        ("whsk_aHVzaA==", "the private key has 4 bytes, and an Ed25519 key has 32"),
        ("\(secret)\n", "is not base64"),
    ])
    func `a secret that is none is told, and none of it shown`(text: String, words: String) throws {
        let manifest = try self.manifest(secrets: [.literal(Self.other), .fromEnvironment("SECRET")])
        let obstacle = try #require(ResolvedWebhook(manifest, environment: ["SECRET": text]).obstacle)
        #expect(obstacle.hasPrefix("secrets[1]: "))
        #expect(obstacle.contains(words))
        #expect(obstacle.contains("warren webhook secret"))
        #expect(!obstacle.contains("hush") && !obstacle.contains("aHVz"))
        #expect(!obstacle.contains(Self.secret.dropFirst(6)))
    }

    @Test(arguments: ["hush\r\nX-Evil: 1", "hush\n", "hush\r", "\u{1B}hush", "hush\u{7F}", ""])
    func `a value that no header can hold is told by its place, and not shown`(text: String) throws {
        let environment = ["A": text]
        let source = ValueSource.fromEnvironment("A")
        let manifests = [
            ("headers.X-A", try self.manifest(headers: ["X-A": source])),
            ("auth.bearer", try self.manifest(.bearer(source))),
            ("auth.basic.user", try self.manifest(.basic(user: source, password: .literal("a")))),
            ("auth.basic.password", try self.manifest(.basic(user: .literal("a"), password: source))),
            ("auth.apiKey.value", try self.manifest(.apiKey(header: "X", value: source))),
        ]
        for (place, manifest) in manifests {
            let obstacle = try #require(ResolvedWebhook(manifest, environment: environment).obstacle)
            #expect(obstacle.hasPrefix("the value of \(place) cannot be used: "))
            #expect(!obstacle.contains("hush") && !obstacle.contains("\n") && !obstacle.contains("\u{1B}"))
        }
    }

    @Test func `the newline at the end of a file is no part of the value`() throws {
        try self.directory.write(Self.secret + "\n", to: "secret")
        try self.directory.write("hush\r\nX-Evil: 1\n", to: "evil")
        func webhook(_ name: String) throws -> ResolvedWebhook {
            let path = ValueSource.fromFile(self.directory.path(name))
            return ResolvedWebhook(
                try self.manifest(secrets: name == "secret" ? [path] : [], .bearer(path)),
                environment: [:]
            )
        }
        #expect(try webhook("secret").obstacle == nil)
        #expect(try webhook("evil").obstacle?.contains("line break") == true)
    }

    @Test func `files that are missing are named, and no others`() throws {
        try self.directory.write("pem", to: "ca.pem")
        let files = TLSFiles(
            ca: self.directory.path("ca.pem"),
            certificate: self.directory.path("warren.pem"),
            key: self.directory.path("warren.key")
        )
        let manifest = try self.manifest(tls: files)
        let obstacle = try #require(ResolvedWebhook(manifest, environment: [:]).obstacle)
        #expect(
            obstacle.contains(self.directory.path("warren.pem")) && obstacle.contains(self.directory.path("warren.key"))
        )
        #expect(obstacle.contains("'tls'") && !obstacle.contains("ca.pem"))
        try self.directory.write("pem", to: "warren.pem")
        try self.directory.write("pem", to: "warren.key")
        #expect(ResolvedWebhook(manifest, environment: [:]).obstacle == nil)
    }

    // MARK: - Versions

    @Test func `nothing has changed: two versions are equal`() throws {
        try self.directory.write("pem", to: "ca.pem")
        let manifest = try self.manifest(
            secrets: [.fromEnvironment("SECRET")],
            headers: ["X-A": .fromEnvironment("A")],
            try self.client(),
            tls: TLSFiles(ca: self.directory.path("ca.pem"))
        )
        let environment = ["SECRET": Self.secret, "A": "a", "CLIENT_SECRET": "c"]
        let version = ResolvedWebhook(manifest, environment: environment)
        #expect(version.obstacle == nil)
        #expect(version == ResolvedWebhook(manifest, environment: environment))
        // What the webhook does not ask for is none of its business.
        #expect(version == ResolvedWebhook(manifest, environment: environment.merging(["OTHER": "x"]) { $1 }))
    }

    @Test(arguments: [("SECRET", other), ("A", "another"), ("CLIENT_SECRET", "another")])
    func `another value is another version`(name: String, value: String) throws {
        let manifest = try self.manifest(
            secrets: [.fromEnvironment("SECRET")],
            headers: ["X-A": .fromEnvironment("A")],
            try self.client()
        )
        var environment = ["SECRET": Self.secret, "A": "a", "CLIENT_SECRET": "c"]
        let before = ResolvedWebhook(manifest, environment: environment)
        environment[name] = value
        let after = ResolvedWebhook(manifest, environment: environment)
        #expect(before.obstacle == nil && after.obstacle == nil)
        #expect(before != after)
        environment[name] = nil
        #expect(ResolvedWebhook(manifest, environment: environment) != after)
    }

    @Test func `another secret in a file is another version`() throws {
        try self.directory.write(Self.secret, to: "secret")
        let manifest = try self.manifest(secrets: [.fromFile(self.directory.path("secret"))])
        let before = ResolvedWebhook(manifest, environment: [:])
        try self.directory.write(Self.secret + "\n", to: "secret")
        #expect(ResolvedWebhook(manifest, environment: [:]) == before)
        try self.directory.write(Self.other, to: "secret")
        #expect(ResolvedWebhook(manifest, environment: [:]) != before)
    }

    /// libcurl reads the file when it connects: what it has read is part of the version, even where the bytes are the
    /// same.
    @Test(arguments: ["ca.pem", "warren.pem", "warren.key"])
    func `a file that is replaced is another version`(name: String) throws {
        for name in ["ca.pem", "warren.pem", "warren.key"] { try self.directory.write("pem", to: name) }
        let files = TLSFiles(
            ca: self.directory.path("ca.pem"),
            certificate: self.directory.path("warren.pem"),
            key: self.directory.path("warren.key")
        )
        let manifest = try self.manifest(tls: files)
        let before = ResolvedWebhook(manifest, environment: [:])
        try self.directory.replace(name, with: "pem")
        let replaced = ResolvedWebhook(manifest, environment: [:])
        #expect(before.obstacle == nil && replaced.obstacle == nil)
        #expect(replaced != before)
        try self.directory.remove(name)
        let missing = ResolvedWebhook(manifest, environment: [:])
        #expect(missing.obstacle != nil && missing != replaced)
    }
}
