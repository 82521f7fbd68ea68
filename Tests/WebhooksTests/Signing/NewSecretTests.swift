import FoundationEssentials
import Manifests
import Testing
import Webhooks

struct NewSecretTests {
    @Test func `a new secret has 32 bytes, and is another one each time`() throws {
        let texts = (0..<20).map { _ in NewSecret.symmetric() }
        #expect(Set(texts).count == 20)
        for text in texts {
            let secret = try WebhookSecret(text)
            #expect(secret.kind == .symmetric)
            #expect(secret.key.count == 32)
        }
    }

    @Test func `a new pair is a private key and the public one that belongs to it`() throws {
        let (one, other) = (NewSecret.pair(), NewSecret.pair())
        #expect(one != other)
        let secret = try WebhookSecret(one.private)
        #expect(secret.kind == .ed25519)
        #expect(secret.key.count == 32)
        #expect(one.public.hasPrefix("whpk_"))
        #expect(Data(base64Encoded: String(one.public.dropFirst(5)))?.count == 32)
        let signature = try WebhookSigner([secret]).signature(id: "a", timestamp: 0, body: [])
        func verify(_ key: String) throws {
            try WebhookVerifier(keys: [key]).verify(id: "a", timestamp: "0", signature: signature, body: [], now: 0)
        }
        try verify(one.public)
        #expect(throws: WebhookVerifier.Problem.noMatch) { try verify(other.public) }
    }
}
