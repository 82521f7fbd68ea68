import FoundationEssentials
import Manifests
import Messaging
import SeededGeneration
import Testing
import Webhooks

/// Some endpoints repeat what they were sent; nothing secret of it gets any further.
struct RedactionTests {
    @Test(arguments: [
        (["hush-1"], "hush-1", "[redacted]"),
        (["hush-1"], "token=hush-1;", "token=[redacted];"),
        (["hush-1"], "hush-1hush-1 hush-1", "[redacted][redacted] [redacted]"),
        (["hush-1"], "hush- 1, hush, HUSH-1", "hush- 1, hush, HUSH-1"),
        (["hush-1", "word-2"], "word-2 and hush-1", "[redacted] and [redacted]"),
        // One that contains another goes as a whole.
        (["hush", "hush-long"], "hush-long hush", "[redacted] [redacted]"),
        (["long", "hush-long-hush"], "hush-long-hush", "[redacted]"),
        // Where they overlap the first is cut out, and no longer is the second whole.
        (["abcdef", "defghi"], "abcdefghi", "[redacted]ghi"),
        (["aaaa"], "aaaaaa", "[redacted]aa"),
        (["aab-"], "aaab-", "a[redacted]"),
        (["pässwörd"], "é pässwörd é", "é [redacted] é"),
        (["[redacted]"], "[redacted]", "[redacted]"),
        ([], "nothing", "nothing"),
        (["hush-1"], "", ""),
    ])
    func `a secret is cut out wherever it stands`(secrets: [String], text: String, cleaned: String) {
        #expect(Redaction(secrets).clean(text) == cleaned)
        #expect(Redaction(secrets).clean(Array(text.utf8), isTruncated: false) == cleaned)
    }

    @Test func `what is too short to be a secret stays`() {
        let redaction = Redaction(["", "a", "ab", "abc", "abcd"])
        #expect(redaction.clean("a ab abc abcd abcde") == "a ab abc [redacted] [redacted]e")
        #expect(redaction.captureLimit == 2048 + 4)
    }

    @Test(arguments: 1...10)
    func `the beginning of a secret at the end of what was cut off is left out`(count: Int) {
        let redaction = Redaction(["hush-token!", "another"])
        let part = "hush-token!".prefix(count)
        #expect(redaction.clean(Array("you sent \(part)".utf8), isTruncated: true) == "you sent ")
        // It is the endpoint's own end otherwise.
        #expect(redaction.clean(Array("you sent \(part)".utf8), isTruncated: false) == "you sent \(part)")
        #expect(redaction.clean(Array("\(part) you sent.".utf8), isTruncated: true) == "\(part) you sent.")
    }

    @Test func `an excerpt has at most 2 KiB, cut between characters`() {
        let redaction = Redaction([])
        #expect(redaction.captureLimit == 2048)
        #expect(redaction.clean(String(repeating: "a", count: 2048)).utf8.count == 2048)
        #expect(redaction.clean(String(repeating: "a", count: 2049)).utf8.count == 2048)
        let wide = redaction.clean("a" + String(repeating: "😀", count: 600))
        #expect(wide == "a" + String(repeating: "😀", count: 511))
    }

    @Test func `bytes that are no text become U+FFFD, and the excerpt is bounded all the same`() {
        let text = Redaction(["hush"]).clean([UInt8](repeating: 0xff, count: 5000), isTruncated: true)
        #expect(text == String(repeating: "\u{FFFD}", count: 682))
    }

    @Test func `a secret between bytes that are no text is cut out`() {
        let bytes = [0xff] + Array("hush".utf8) + [0xc3]
        #expect(Redaction(["hush"]).clean(bytes, isTruncated: false) == "\u{FFFD}[redacted]\u{FFFD}")
    }

    /// What is captured reaches so far behind the excerpt that a secret at its end is seen whole.
    @Test(arguments: 2000...2100)
    func `a secret across the end of the excerpt is not seen in part`(place: Int) {
        let redaction = Redaction(["hush-token!"])
        let answer = String(repeating: ".", count: place) + "hush-token!" + String(repeating: ".", count: 100)
        let captured = Array(answer.utf8.prefix(redaction.captureLimit))
        let text = redaction.clean(captured, isTruncated: captured.count < answer.utf8.count)
        #expect(!text.contains("h"))
        #expect(text.utf8.count == 2048)
    }

    @Test(arguments: 1...100)
    func `no secret is ever left, and all else is`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        func word() -> String {
            String((0..<Int.random(in: 4...7, using: &random)).map { _ in "abc".randomElement(using: &random) ?? "a" })
        }
        let secrets = (0..<3).map { _ in word() }
        let text = (0..<40).map { _ in word() }.joined()
        let cleaned = Redaction(secrets).clean(text)
        #expect(secrets.allSatisfy { !cleaned.contains($0) })
        // What is left is the text with pieces out of it, in its order.
        var rest = text[...]
        for piece in cleaned.split(separator: Redaction.mark) {
            guard let range = rest.firstRange(of: piece) else {
                Issue.record("'\(piece)' is not of '\(text)'")
                return
            }
            rest = rest[range.upperBound...]
        }
    }

    @Test func `a token that is fetched later is a secret too`() {
        let redaction = Redaction(["hush-1"]).adding("a-longer-token")
        #expect(redaction.clean("hush-1 a-longer-token") == "[redacted] [redacted]")
        #expect(redaction.captureLimit == 2048 + 14)
    }

    // MARK: - What is a secret

    @Test func `all credentials of a webhook are secrets, and plain headers are not`() throws {
        let manifest = try WebhookManifest.test(
            secrets: [TestSecret.symmetric],
            headers: ["X-Plain": .literal("acme-tenant"), "X-Secret": .fromEnvironment("HEADER")],
            authentication: .basic(user: .fromEnvironment("USER"), password: .literal("hush-password"))
        )
        let credentials = try manifest.credentials(["HEADER": "hush-header", "USER": "hush-user"])
        let redaction = Redaction(credentials.confidential)
        let text = "\(TestSecret.symmetric) acme-tenant hush-header hush-user hush-password"
        #expect(redaction.clean(text) == "[redacted] acme-tenant [redacted] [redacted] [redacted]")
    }

    /// Some endpoints want their key in the address, and repeat that.
    @Test func `the query of the address is a secret, as a whole and in its values`() throws {
        let manifest = try WebhookManifest.test(url: "https://example.com/hooks?key=hush-key&tenant=hush-acme")
        let redaction = Redaction(try manifest.credentials().confidential)
        #expect(redaction.clean("/hooks?key=hush-key&tenant=hush-acme") == "/hooks?[redacted]")
        #expect(redaction.clean("hush-key of hush-acme at /hooks") == "[redacted] of [redacted] at /hooks")
    }

    /// An endpoint that repeats the header repeats it as it was sent, and base64 hides nothing.
    @Test func `user and password are secret in the form in which they are sent`() throws {
        let manifest = try WebhookManifest.test(
            authentication: .basic(user: .literal("warren"), password: .literal("hush-password"))
        )
        let credentials = try manifest.credentials()
        let (headers, _) = try DeliveryComposer(manifest, credentials).compose(.test(), token: nil, now: 0)
        let sent = try #require(headers["Authorization"].first)
        #expect(sent == "Basic " + Data("warren:hush-password".utf8).base64EncodedString())
        let cleaned = Redaction(credentials.confidential).clean("you sent Authorization: \(sent)")
        #expect(!cleaned.contains(sent.dropFirst(6)))
    }

    @Test func `a whole secret that begins a longer one is cut off with it`() {
        let redaction = Redaction(["hush", "hush-long"])
        #expect(redaction.clean(Array("a hush-lo".utf8), isTruncated: true) == "a ")
        #expect(redaction.clean(Array("a hush-lo".utf8), isTruncated: false) == "a [redacted]-lo")
    }
}
