import Manifests
import Testing
import Webhooks

/// Source of the vectors: the tests of the reference libraries of Standard Webhooks 1.0.0.
struct SigningTests {
    private static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private static let body = Array(#"{"test": 2432232314}"#.utf8)[...]
    private static let timestamp: Int64 = 1_614_265_330
    private static let symmetric = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let asymmetric = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="

    @Test(arguments: [
        (symmetric, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (
            asymmetric,
            "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
        ),
    ])
    func `the reference's signature is the one that the reference's verifier takes`(
        secret: String,
        expected: String
    ) throws {
        let verifier = try WebhookVerifier(keys: [secret])
        try verifier.verify(
            id: Self.id,
            timestamp: "\(Self.timestamp)",
            signature: expected,
            body: Self.body,
            now: Self.timestamp
        )
        let signature = try WebhookSigner([WebhookSecret(secret)])
            .signature(id: Self.id, timestamp: Self.timestamp, body: Self.body)
        // An Ed25519 signature of this library is another one each time: verifying is what can be compared.
        if secret == Self.symmetric { #expect(signature == expected) }
        try verifier.verify(
            id: Self.id,
            timestamp: "\(Self.timestamp)",
            signature: signature,
            body: Self.body,
            now: Self.timestamp
        )
    }
}
