import Manifests
import Testing

/// A header that a manifest writes must stay the one header that it is.
struct HTTPFieldTests {
    @Test(arguments: [
        "X-Tenant", "x", "Authorization", "Accept", "User-Agent", "cookie", "1", "!#$%&'*+-.^_`|~", "webhook", "ce",
        "cex-id",
        "x-webhook-id", "x-ce-id", String(repeating: "a", count: 128),
    ])
    func `a token is a name`(name: String) throws {
        try HTTPField.checkName(name)
    }

    @Test(arguments: [
        "", " ", "X Y", "X:", ":X", "X\r\nY", "X\n", "X\r", "X\0", "X\t", "Ü", "X(1)", "X/Y", "X;", "X,Y", "\"X\"",
        "X=Y", "[X]",
        "X\u{301}", "X\u{7F}", String(repeating: "a", count: 129),
    ])
    func `what is no token is no name`(name: String) {
        #expect(throws: HTTPField.Problem.name(name)) { try HTTPField.checkName(name) }
    }

    @Test(arguments: [
        "Host", "host", "HOST", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE",
        "Trailer", "Expect", "Proxy-Authorization", "Proxy-Connection", "Content-Type", "traceparent", "TraceState",
        "webhook-id", "Webhook-Signature", "WEBHOOK-TIMESTAMP", "webhook-anything", "webhook-", "ce-id", "CE-Type",
        "ce-",
    ])
    func `what Warren writes by itself, or frames a request with, is not for manifests`(name: String) {
        #expect(throws: HTTPField.Problem.reserved(name)) { try HTTPField.checkName(name) }
    }

    @Test(arguments: [
        "a", "a b", "\ta\t", "~!@#$%^&*(){}[]<>\\\"'", "é中😀", "a: b", String(repeating: "a", count: 8 << 10),
    ])
    func `printable text is a value`(value: String) throws {
        try HTTPField.checkValue(value)
    }

    @Test(arguments: [
        "a\r\nX-Evil: 1", "a\nb", "a\rb", "\n", "a\r\n", "a\0b", "\0", "\u{01}", "\u{08}", "\u{0B}", "\u{0C}",
        "\u{1B}[31m", "\u{1F}",
        "\u{7F}", String(repeating: "a", count: (8 << 10) + 1), String(repeating: "é", count: (4 << 10) + 1),
    ])
    func `a control character, or too much, is no value`(value: String) {
        #expect(throws: HTTPField.Problem.value) { try HTTPField.checkValue(value) }
    }

    /// libcurl leaves out a header whose value is nothing but blanks: one would be missing, and nobody would know.
    @Test(arguments: ["", " ", "\t", "  \t "])
    func `an empty value is none`(value: String) {
        #expect(throws: HTTPField.Problem.empty) { try HTTPField.checkValue(value) }
    }

    @Test func `no problem shows a value`() {
        let problem = #expect(throws: HTTPField.Problem.self) { try HTTPField.checkValue("hush\n") }
        #expect(problem?.description.contains("hush") == false)
    }
}
