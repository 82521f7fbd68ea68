import Manifests
import Testing

/// Only addresses that every reader of URLs understands alike are taken.
struct WebhookURLTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let scheme: WebhookURL.Scheme
        let host: String
        let port: Int
        /// What the client gets, if it is not what was written.
        var sent: String?
        /// What people see, if it is not what was written.
        var shown: String?
        var testDescription: String { self.text }
    }

    private static let longest = "https://a.example/" + String(repeating: "a", count: 2048 - 18)

    @Test(arguments: [
        Row(text: "https://example.com/hooks", scheme: .https, host: "example.com", port: 443),
        Row(text: "http://example.com/", scheme: .http, host: "example.com", port: 80),
        Row(text: "https://example.com", scheme: .https, host: "example.com", port: 443, sent: "https://example.com/"),
        Row(text: "https://example.com:8443/a/b", scheme: .https, host: "example.com", port: 8443),
        Row(text: "http://example.com:65535/a", scheme: .http, host: "example.com", port: 65_535),
        Row(
            text: "HTTPS://Example.COM/Hooks",
            scheme: .https,
            host: "example.com",
            port: 443,
            sent: "https://example.com/Hooks",
            shown: "https://example.com/Hooks"
        ),
        Row(
            text: "https://example.com:443/a?token=hush&x=%20",
            scheme: .https,
            host: "example.com",
            port: 443,
            shown: "https://example.com/a"
        ),
        Row(text: "http://example.com:443/a", scheme: .http, host: "example.com", port: 443),
        Row(
            text: "https://example.com?token=hush",
            scheme: .https,
            host: "example.com",
            port: 443,
            sent: "https://example.com/?token=hush",
            shown: "https://example.com"
        ),
        Row(text: "https://localhost/a", scheme: .https, host: "localhost", port: 443),
        Row(text: "https://my_service.internal/a", scheme: .https, host: "my_service.internal", port: 443),
        Row(text: "https://xn--bcher-kva.example/a", scheme: .https, host: "xn--bcher-kva.example", port: 443),
        Row(text: "https://1.example/a", scheme: .https, host: "1.example", port: 443),
        Row(text: "https://127.0.0.1:80/a", scheme: .https, host: "127.0.0.1", port: 80),
        Row(text: "https://255.255.255.255/", scheme: .https, host: "255.255.255.255", port: 443),
        Row(text: "https://0.10.0.1/", scheme: .https, host: "0.10.0.1", port: 443),
        Row(text: "https://[::1]/a", scheme: .https, host: "::1", port: 443),
        Row(text: "http://[2001:db8::1]:8080/a", scheme: .http, host: "2001:db8::1", port: 8080),
        Row(
            text: "http://[FD00::A]/",
            scheme: .http,
            host: "fd00::a",
            port: 80,
            sent: "http://[fd00::a]/",
            shown: "http://[fd00::a]/"
        ),
        Row(text: "https://[::ffff:10.0.0.1]/", scheme: .https, host: "::ffff:10.0.0.1", port: 443),
        Row(
            text: "https://example.com/a%2Fb/~c;d=e,f:g@h!$&'()*+/../i",
            scheme: .https,
            host: "example.com",
            port: 443
        ),
        Row(text: longest, scheme: .https, host: "a.example", port: 443),
    ])
    func `a plain address is taken`(row: Row) throws {
        let url = try WebhookURL(row.text)
        #expect(url.scheme == row.scheme)
        #expect(url.host == row.host)
        #expect(url.port == row.port)
        #expect(url.text == row.sent ?? row.text)
        #expect(url.description == row.shown ?? row.text)
    }

    @Test(
        arguments: [
            ("ftp://example.com/", .scheme), ("example.com/hooks", .scheme), ("//example.com/", .scheme), ("", .scheme),
            ("https:/example.com/", .scheme), ("https:example.com", .scheme), ("httpss://example.com/", .scheme),
            (" https://example.com/", .scheme), ("file:///etc/passwd", .scheme), ("gopher://example.com/", .scheme),
            ("https://user:hush@example.com/", .credentials), ("https://user@example.com/", .credentials),
            ("https://example.com:80@evil.example/", .credentials), ("https://@example.com/", .credentials),
            ("https://example.com/#a", .fragment), ("https://example.com/a?b#", .fragment),
            ("https://example.com#@evil.example/", .fragment),
            ("https:///hooks", .host("")), ("https://", .host("")), ("https://?a", .host("")),
            ("https://:80/", .host("")),
            ("https://a..example/", .host("a..example")), ("https://.example/", .host(".example")),
            ("https://example.com./", .host("example.com.")), ("https://bücher.example/", .host("bücher.example")),
            ("https://example.com\\evil.example/", .host("example.com\\evil.example")),
            ("https://exa mple.com/", .host("exa mple.com")),
            ("https://example.com\r\nX: y/", .host("example.com\r\nX")),
            ("https://example.com%2Fevil/", .host("example.com%2Fevil")),
            ("https://ex%61mple.com/", .host("ex%61mple.com")),
            ("https://example.com\0.evil.example/", .host("example.com\0.evil.example")),
            ("https://example\u{3002}com/", .host("example\u{3002}com")), ("https://１２７.0.0.1/", .host("１２７.0.0.1")),
            (
                "https://\(String(repeating: "a", count: 64)).example/",
                .host(String(repeating: "a", count: 64) + ".example")
            ),
            // An IPv6 address belongs in brackets, and nothing else does.
            ("https://::1/", .host("")), ("https://[::1/", .host("[::1")), ("https://[]/", .host("[]")),
            ("https://[::1]x/", .host("[::1]x")), ("https://[127.0.0.1]/", .host("[127.0.0.1]")),
            ("https://[fe80::1%25eth0]/", .host("[fe80::1%25eth0]")),
            ("https://[example.com]/", .host("[example.com]")),
            ("https://[::1\0]/", .host("[::1\0]")), ("https://x[::1]/", .host("x[")),
            // Other readers take all of these for 127.0.0.1, or something like it.
            ("https://0177.0.0.1/", .numericHost), ("https://0x7f.1/", .numericHost), ("https://127.1/", .numericHost),
            ("https://2130706433/", .numericHost), ("https://0x7f000001/", .numericHost),
            ("https://127.0.1/", .numericHost),
            ("https://127.0.0.1.5/", .numericHost), ("https://127.0.0.01/", .numericHost),
            ("https://00.0.0.0/", .numericHost),
            ("https://127.0.0.256/", .numericHost), ("https://example.0x7f/", .numericHost),
            ("https://1e3/", .numericHost),
            ("https://127.0.0.0x1/", .numericHost),
            ("https://example.com:/", .port), ("https://example.com:0/", .port), ("https://example.com:65536/", .port),
            ("https://example.com:-1/", .port), ("https://example.com:+80/", .port), ("https://example.com:8a/", .port),
            ("https://example.com: 80/", .port), ("https://example.com:000080/", .port), ("https://fe80::1/", .port),
            ("https://[::1]:/", .port), ("https://example.com:80:80/", .port), ("https://example.com:８０/", .port),
            ("https://example.com/a b", .character), ("https://example.com/a\r\nHost: b", .character),
            ("https://example.com/a\nb", .character), ("https://example.com/\t", .character),
            ("https://example.com/ü", .character),
            ("https://example.com/a\0", .character), ("https://example.com/a\u{7F}", .character),
            ("https://example.com/a\\b", .character), ("https://example.com/a\"b", .character),
            ("https://example.com/<a>", .character), ("https://example.com/{a}", .character),
            ("https://example.com/a|b", .character), ("https://example.com/a^b", .character),
            ("https://example.com/a`b", .character), ("https://example.com/a#\u{301}", .character),
            ("https://example.com/%", .percent), ("https://example.com/%2", .percent),
            ("https://example.com/%2g", .percent),
            ("https://example.com/?a=%zz", .percent), ("https://example.com/%%20", .percent),
            (longest + "a", .tooLong),
        ] as [(String, WebhookURL.Problem)]
    )
    func `an odd address is refused`(text: String, problem: WebhookURL.Problem) {
        #expect(throws: problem) { try WebhookURL(text) }
    }

    @Test func `the whole name of a host has at most 253 characters`() throws {
        let label = String(repeating: "a", count: 49) + "."
        let host = String(repeating: label, count: 5) + "abc"
        #expect(try WebhookURL("https://\(host)/").host.utf8.count == 253)
        #expect(throws: WebhookURL.Problem.host(host + "d")) { try WebhookURL("https://\(host)d/") }
    }

    @Test func `a query is never shown`() throws {
        let url = try WebhookURL("https://example.com:8443/hooks/1?token=hush")
        #expect(url.text.contains("hush"))
        for shown in [
            "\(url)", String(describing: url), String(reflecting: url), "\([url])", "\(Optional(url) as Any)",
        ] {
            #expect(shown.contains("https://example.com:8443/hooks/1"))
            #expect(!shown.contains("hush") && !shown.contains("?"))
        }
    }

    @Test func `no problem shows a password`() {
        for text in ["https://user:hush@example.com/", "https://user:hush/", "https://user:hush@[::1/"] {
            let problem = #expect(throws: WebhookURL.Problem.self) { try WebhookURL(text) }
            #expect(problem?.description.contains("hush") == false)
        }
    }
}
