import FoundationEssentials
import Manifests
import Testing

struct WebhookSecretTests {
    struct Holder {
        let secret: WebhookSecret
    }

    private static func base64(_ count: Int, of byte: UInt8 = 0x2a) -> String {
        Data(repeating: byte, count: count).base64EncodedString()
    }

    @Test(arguments: [24, 32, 33, 63, 64])
    func `a shared secret has 24 to 64 bytes`(count: Int) throws {
        let secret = try WebhookSecret("whsec_" + Self.base64(count))
        #expect(secret.kind == .symmetric)
        #expect(secret.key == [UInt8](repeating: 0x2a, count: count))
    }

    @Test(arguments: [0, 1, 23, 65, 1000])
    func `a shared secret of another size is refused`(count: Int) {
        #expect(throws: WebhookSecret.Problem.size(count)) { try WebhookSecret("whsec_" + Self.base64(count)) }
    }

    /// Some libraries write the public key behind the seed.
    @Test(arguments: [32, 64])
    func `a private key is its first 32 bytes`(count: Int) throws {
        let seed = Data(0..<32)
        let text = (seed + Data(repeating: 0xff, count: count - 32)).base64EncodedString()
        let secret = try WebhookSecret("whsk_" + text)
        #expect(secret.kind == .ed25519)
        #expect(secret.key == [UInt8](seed))
    }

    @Test(arguments: [0, 24, 31, 33, 63, 65])
    func `a private key of another size is refused`(count: Int) {
        #expect(throws: WebhookSecret.Problem.privateSize(count)) { try WebhookSecret("whsk_" + Self.base64(count)) }
    }

    @Test(arguments: ["", "hush", "whsec", "WHSEC_", "whpk_", " whsec_", "whsec-", "sk_whsec_"])
    func `a secret says by its prefix what it is`(prefix: String) {
        #expect(throws: WebhookSecret.Problem.prefix) { try WebhookSecret(prefix + Self.base64(32)) }
    }

    @Test(arguments: [
        "hus", "!", base64(32) + " ", base64(32) + "\n", " " + base64(32), String(base64(32).dropLast()),
        base64(32, of: 0xff).replacing("/", with: "_"), "whsec_" + base64(32),
    ])
    func `a key that is not plain base64 is refused`(text: String) {
        #expect(throws: WebhookSecret.Problem.base64) { try WebhookSecret("whsec_\(text)") }
        #expect(throws: WebhookSecret.Problem.base64) { try WebhookSecret("whsk_\(text)") }
    }

    @Test func `a secret shows nothing of itself, however it is printed`() throws {
        let text = Self.base64(24, of: UInt8(ascii: "Q"))
        let secret = try WebhookSecret("whsec_" + text)
        var dumped = ""
        dump(secret, to: &dumped)
        dump(Holder(secret: secret), to: &dumped)
        let shown = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
            "\(Holder(secret: secret))",
            "\(Optional(secret) as Any)", dumped,
        ]
        for text in shown {
            #expect(text.contains("a secret"))
            #expect(!text.contains("81") && !text.contains("0x51") && !text.contains("UVFR"))
        }
    }

    @Test(arguments: ["hush", "whsec_hush!", "whsec_aHVzaA==", "whsk_aHVzaA=="])
    func `a problem shows nothing of the text`(text: String) {
        let problem = #expect(throws: WebhookSecret.Problem.self) { try WebhookSecret(text) }
        #expect(problem?.description.contains("hush") == false)
        #expect(problem?.description.contains("aHVz") == false)
        #expect(problem?.remedy.contains("warren webhook secret") == true)
    }
}
