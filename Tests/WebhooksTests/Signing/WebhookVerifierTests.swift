import FoundationEssentials
import Manifests
import Testing

@testable import Webhooks

/// What a receiver believes.
struct WebhookVerifierTests {
    private static let now: Int64 = 1_769_860_800
    private static let body = Array(#"{"a":1}"#.utf8)[...]

    private func signature(_ secrets: [String], timestamp: Int64 = Self.now) throws -> String {
        let signer = WebhookSigner(try secrets.map { try WebhookSecret($0) })
        return try #require(try signer.signature(id: "e-1", timestamp: timestamp, body: Self.body))
    }

    private func verify(
        _ signature: String?,
        keys: [String] = [TestSecret.symmetric],
        id: String? = "e-1",
        timestamp: String? = "\(Self.now)",
        body: ArraySlice<UInt8> = Self.body,
        now: Int64 = Self.now,
        tolerance: Duration? = WebhookVerifier.tolerance
    ) throws {
        try WebhookVerifier(keys: keys)
            .verify(id: id, timestamp: timestamp, signature: signature, body: body, now: now, tolerance: tolerance)
    }

    // MARK: - Headers

    @Test func `a header that is missing or empty is named`() throws {
        let signature = try self.signature([TestSecret.symmetric])
        for nothing in [nil, ""] as [String?] {
            #expect(throws: WebhookVerifier.Problem.missing(header: "webhook-id")) {
                try self.verify(signature, id: nothing)
            }
            #expect(throws: WebhookVerifier.Problem.missing(header: "webhook-timestamp")) {
                try self.verify(signature, timestamp: nothing)
            }
            #expect(throws: WebhookVerifier.Problem.missing(header: "webhook-signature")) { try self.verify(nothing) }
        }
    }

    @Test(arguments: ["now", "1.5", "1769860800.0", " 1769860800", "1769860800 ", "0x1", "99999999999999999999", "１"])
    func `a timestamp is a number of seconds`(timestamp: String) throws {
        let signature = try self.signature([TestSecret.symmetric])
        #expect(throws: WebhookVerifier.Problem.timestamp) { try self.verify(signature, timestamp: timestamp) }
    }

    // MARK: - Time

    @Test(arguments: [-300, -299, -1, 0, 1, 299, 300] as [Int64])
    func `a request may be five minutes old, or as much too new`(age: Int64) throws {
        let signature = try self.signature([TestSecret.symmetric])
        try self.verify(signature, now: Self.now + age)
    }

    @Test(arguments: [301, 302, 86_400, 1_769_860_800] as [Int64])
    func `a request that is older may be a replay, and one that is newer has another clock`(age: Int64) throws {
        let signature = try self.signature([TestSecret.symmetric])
        #expect(throws: WebhookVerifier.Problem.tooOld(seconds: age)) {
            try self.verify(signature, now: Self.now + age)
        }
        #expect(throws: WebhookVerifier.Problem.tooNew(seconds: age)) {
            try self.verify(signature, now: Self.now - age)
        }
    }

    @Test func `how old or new a request is is told as people do`() {
        let old = WebhookVerifier.Problem.tooOld(seconds: 301)
        #expect(old.description == "webhook-timestamp is 5 min 1 s ago: it may be a replay")
        let new = WebhookVerifier.Problem.tooNew(seconds: 86_400)
        #expect(new.description == "webhook-timestamp is 1 d in the future: compare the clocks")
    }

    @Test func `a tolerance of another length counts, and without one every time is taken`() throws {
        let signature = try self.signature([TestSecret.symmetric])
        try self.verify(signature, now: Self.now + 10, tolerance: .seconds(10))
        #expect(throws: WebhookVerifier.Problem.tooOld(seconds: 11)) {
            try self.verify(signature, now: Self.now + 11, tolerance: .seconds(10))
        }
        #expect(throws: WebhookVerifier.Problem.tooNew(seconds: 1)) {
            try self.verify(signature, now: Self.now - 1, tolerance: .zero)
        }
        try self.verify(signature, now: 0, tolerance: nil)
        try self.verify(signature, now: .max, tolerance: nil)
    }

    @Test(arguments: [Int64.max, Int64.max - 1, -1, Int64.min, Int64.min + 1])
    func `a time at the end of numbers is refused`(timestamp: Int64) throws {
        #expect(throws: WebhookVerifier.Problem.self) { try self.verify("v1,AAAA", timestamp: "\(timestamp)") }
    }

    /// Anybody can send it, without a secret: it must not end the receiver's process.
    @Test func `a time that is as far away as numbers reach is refused`() async {
        await #expect(processExitsWith: .success) {
            let now: Int64 = 1_769_860_800
            let verifier = try WebhookVerifier(keys: [])
            #expect(throws: WebhookVerifier.Problem.self) {
                try verifier.verify(id: "a", timestamp: "\(now &- Int64.min)", signature: "v1,AAAA", body: [], now: now)
            }
        }
    }

    // MARK: - Signatures

    @Test func `nothing may be changed`() throws {
        let signature = try self.signature([TestSecret.symmetric])
        try self.verify(signature)
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, id: "e-2") }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, timestamp: "\(Self.now + 1)") }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, timestamp: "0\(Self.now)") }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, body: Self.body.dropLast()) }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, body: []) }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, keys: [TestSecret.other]) }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, keys: []) }
    }

    @Test func `one of several signatures, and one of several keys, is enough`() throws {
        let all = [TestSecret.symmetric, TestSecret.other, TestSecret.privateKey]
        let signature = try self.signature(all)
        for secret in all {
            try self.verify(signature, keys: [secret])
            try self.verify(signature, keys: [NewSecret.symmetric(), secret])
            try self.verify(self.signature([secret]), keys: all)
        }
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, keys: [NewSecret.symmetric()]) }
        try self.verify("v1,AAAA  v2,\(signature) \(signature)")
    }

    @Test func `the public key of a pair is enough`() throws {
        let pair = NewSecret.pair()
        let signature = try self.signature([pair.private])
        try self.verify(signature, keys: [pair.public])
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify(signature, keys: [NewSecret.pair().public]) }
    }

    @Test(arguments: ["v2", "V1", "", "v1a", "1", "v1 "])
    func `a signature counts under its own version only`(version: String) throws {
        let code = try self.signature([TestSecret.symmetric]).dropFirst(3)
        #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify("\(version),\(code)") }
    }

    @Test(arguments: ["v1", "v1,", ",", " ", "v1,%", "v1,AAAA", "v1a,AAAA", "v1a,", "v1,,"])
    func `a signature that is none matches nothing`(signature: String) {
        #expect(throws: WebhookVerifier.Problem.noMatch) {
            try self.verify(signature, keys: [TestSecret.symmetric, TestSecret.privateKey])
        }
    }

    @Test func `a part of a code is no code`() throws {
        let signature = try self.signature([TestSecret.symmetric])
        let code = try #require(Data(base64Encoded: String(signature.dropFirst(3))))
        for count in 0..<32 {
            let part = code.prefix(count).base64EncodedString()
            #expect(throws: WebhookVerifier.Problem.noMatch) { try self.verify("v1,\(part)") }
        }
    }

    // MARK: - Keys

    @Test(arguments: [
        ("hush", "the key begins with none of 'whsec_', 'whpk_' and 'whsk_'"),
        ("", "the key begins with none of 'whsec_', 'whpk_' and 'whsk_'"),
        ("whsec_hush!", "what follows the secret's prefix is not base64"),
        ("whsec_aHVzaA==", "the secret has 4 bytes, and 24 to 64 are allowed"),
        ("whsk_aHVzaA==", "the private key has 4 bytes, and an Ed25519 key has 32"),
        ("whpk_aHVzaA==", "what follows 'whpk_' is not the base64 of 32 bytes"),
        ("whpk_hush!", "what follows 'whpk_' is not the base64 of 32 bytes"),
        ("whpk_", "what follows 'whpk_' is not the base64 of 32 bytes"),
    ])
    func `a text that is no key is refused, and nothing of it shown`(text: String, words: String) throws {
        let problem = #expect(throws: WebhookVerifier.KeyProblem.self) {
            try WebhookVerifier(keys: [TestSecret.symmetric, text])
        }
        #expect(problem?.description == words)
    }
}
