import Manifests
import Testing

/// What is refused in what a webhook signs with and shows to its endpoint, where, and with which words. The tables'
/// lines follow a good manifest of five lines; what stands for a secret in them is `hush`, or `aHVzaA==` in base64.
struct CredentialsStrictnessTests {
    @Test(arguments: [
        (
            "secret: { fromEnv: A }\nsecrets: [{ fromEnv: B }]", "7:10",
            "both 'secret' and 'secrets' are given; put all of"
        ),
        ("secrets: [whsec_hush]\nsecret: hush", "6:10", "both 'secret' and 'secrets' are given"),
        ("secret:", "6:8", "a secret has no value"),
        ("secret: \"\"", "6:9", "the secret begins with neither 'whsec_' nor 'whsk_'"),
        (
            "secret: hush", "6:9",
            "the secret begins with neither 'whsec_' nor 'whsk_'; make a new one with 'warren webhook"
        ),
        ("secret: whpk_aHVzaA==", "6:9", "the secret begins with neither"),
        ("secret: whsec_hush!", "6:9", "what follows the secret's prefix is not base64"),
        ("secret: whsec_aHVzaA==", "6:9", "the secret has 4 bytes, and 24 to 64 are allowed"),
        ("secret: whsk_aHVzaA==", "6:9", "the private key has 4 bytes, and an Ed25519 key has 32"),
        ("secret: \"whsec_hush\\0\"", "6:9", "the value of a secret contains the character NUL"),
        ("secret: [hush]", "6:9", "the value of a secret must be a single value, found a list"),
        (
            "secret: { fromEnv: A, fromFile: /hush }", "6:9",
            "the value of a secret needs exactly one of fromEnv and fromFile"
        ),
        ("secret: { fromEnv: A-B }", "6:20", "'fromEnv' must be the name of an environment variable"),
        ("secret: { fromFile: secrets/hush }", "6:21", "'fromFile' must be an absolute path"),
        ("secret: { value: hush }", "6:11", "unknown key 'value' in the value of a secret"),
        ("secrets: []", "6:10", "'secrets' must be a list with at least one item"),
        (
            "secrets: whsec_hush", "6:10",
            "'secrets' must be a list with at least one item; put them in brackets, or write 'secret'"
        ),
        ("secrets: { a: hush }", "6:10", "'secrets' must be a list"),
        ("secrets: [{ fromEnv: A }, whsec_aHVzaA==]", "6:27", "the secret has 4 bytes"),
        ("secrets: [{ fromEnv: A }, hush, whsec_hush!]", "6:33", "is not base64"),
    ])
    func `a wrong secret is reported at its place`(lines: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: lines), place, message)
    }

    @Test(arguments: [
        ("headers: hush", "6:10", "'headers' must be a mapping, found a text; write one 'Name: value' per header"),
        ("headers: [hush]", "6:10", "'headers' must be a mapping, found a list"),
        (
            "headers: { X-A: 1, x-a: hush }", "6:20",
            "the header 'x-a' is written twice; keep one of them: header names are not case-sensitive"
        ),
        ("headers: { Host: hush }", "6:12", "the header 'Host' is written by Warren itself; remove it"),
        ("headers: { Content-Length: 0 }", "6:12", "the header 'Content-Length' is written by Warren itself"),
        ("headers: { Webhook-Id: hush }", "6:12", "the header 'Webhook-Id' is written by Warren itself"),
        ("headers: { ce-id: hush }", "6:12", "the header 'ce-id' is written by Warren itself"),
        ("headers: { \"X A\": hush }", "6:12", "'X A' is not a valid name of a header; use letters, digits and '-'"),
        ("headers: { \"X-A\\r\\nX-B\": hush }", "6:12", "is not a valid name of a header"),
        (
            "headers: { X-A: \"hush\\r\\nX-B: 1\" }", "6:17",
            "the value of 'X-A': it contains a line break or another control"
        ),
        ("headers: { X-A: \"hush\\0\" }", "6:17", "the value of 'X-A' contains the character NUL"),
        ("headers:\n  X-A: |\n    hush\n    hush", "7:8", "the value of 'X-A': it contains a line break"),
        ("headers: { X-A: \"\" }", "6:17", "the value of 'X-A': it is empty; write a value, or remove the field"),
        ("headers: { X-A: }", "6:17", "'X-A' has no value"),
        ("headers: { X-A: [hush] }", "6:17", "the value of 'X-A' must be a single value, found a list"),
        (
            "headers: { X-A: { fromenv: A } }", "6:19",
            "unknown key 'fromenv' in the value of 'X-A'; did you mean 'fromEnv'?"
        ),
    ])
    func `a wrong header is reported at its place`(lines: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: lines), place, message)
    }

    @Test(arguments: [
        ("auth: hush", "6:7", "'auth' must be a mapping, found a text"),
        (
            "auth: {}", "6:7",
            "'auth' needs exactly one of bearer, basic, apiKey, oauth2; write it as in auth: { bearer:"
        ),
        ("auth: { bearer: hush, apiKey: { header: X, value: hush } }", "6:7", "'auth' needs exactly one of"),
        ("auth: { token: hush }", "6:9", "unknown key 'token' in 'auth'"),
        ("auth: { bearer: \"hush\\nX: 1\" }", "6:17", "the value of 'bearer': it contains a line break"),
        ("auth: { bearer: \"\" }", "6:17", "the value of 'bearer': it is empty"),
        ("auth: { bearer: [hush] }", "6:17", "the value of 'bearer' must be a single value"),
        ("auth: { basic: hush }", "6:16", "'basic' must be a mapping, found a text"),
        (
            "auth: { basic: { user: warren } }", "6:16",
            "the key 'password' is missing; add 'password: { fromEnv: CRM_PASSWORD }'"
        ),
        ("auth: { basic: { password: hush } }", "6:16", "the key 'user' is missing"),
        ("auth: { basic: { user: warren, password: hush, realm: a } }", "6:48", "unknown key 'realm' in 'basic'"),
        (
            "auth: { basic: { user: a, password: \"hush\\r\" } }", "6:37",
            "the value of 'password': it contains a line break"
        ),
        (
            "auth: { basic: { user: \"a:hush\", password: b } }", "6:24",
            "'user': the user contains a colon, after which its receiver reads the password; choose a user without"
        ),
        (
            "headers: { authorization: hush }\nauth: { bearer: hush }", "6:12",
            "the header 'authorization' is written by 'auth', too; remove one of them"
        ),
        (
            "auth: { basic: { user: a, password: hush } }\nheaders: { X-A: b, AUTHORIZATION: hush }", "7:20",
            "the header 'AUTHORIZATION' is written by 'auth', too"
        ),
        (
            "headers: { Authorization: hush }\nauth: { oauth2: { \(tokenURL), clientID: a, clientSecret: hush } }",
            "6:12",
            "the header 'Authorization' is written by 'auth', too"
        ),
        (
            "headers: { x-key: hush }\nauth: { apiKey: { header: X-Key, value: hush } }", "6:12",
            "the header 'x-key' is written by 'auth', too"
        ),
        ("auth: { apiKey: hush }", "6:17", "'apiKey' must be a mapping"),
        ("auth: { apiKey: { value: hush } }", "6:17", "the key 'header' is missing; add 'header: X-API-Key'"),
        ("auth: { apiKey: { header: X-Key } }", "6:17", "the key 'value' is missing"),
        (
            "auth: { apiKey: { header: Content-Type, value: hush } }", "6:27",
            "'header': the header 'Content-Type' is written by"
        ),
        ("auth: { apiKey: { header: \"X\\r\\nY\", value: hush } }", "6:27", "is not a valid name of a header"),
        (
            "auth: { apiKey: { header: X-Key, value: \"\\0hush\" } }", "6:41",
            "the value of 'value' contains the character NUL"
        ),
    ])
    func `wrong credentials are reported at their place`(lines: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: lines), place, message)
    }

    private static let tokenURL = "tokenURL: https://l.example/"

    @Test(arguments: [
        ("clientID: warren, clientSecret: hush", "6:17", "the key 'tokenURL' is missing"),
        ("\(tokenURL), clientSecret: hush", "6:17", "the key 'clientID' is missing; add 'clientID: warren'"),
        ("\(tokenURL), clientID: warren", "6:17", "the key 'clientSecret' is missing; add 'clientSecret: { fromEnv:"),
        ("", "6:17", "the key 'clientID' is missing"),
        (
            "tokenURL: ftp://l.example, clientID: a, clientSecret: hush", "6:29",
            "'tokenURL': the address begins with neither"
        ),
        (
            "tokenURL: https://a:hush@l.example, clientID: a, clientSecret: hush", "6:29",
            "'tokenURL': the address holds a user"
        ),
        (
            "tokenURL: http://l.example/token, clientID: a, clientSecret: hush", "6:29",
            "'tokenURL': the client's secret would be sent unencrypted: the address begins with http://; write https://"
        ),
        (
            "tokenURL: http://10.0.0.1/token, clientID: a, clientSecret: hush", "6:29",
            "'tokenURL': the client's secret would be sent unencrypted"
        ),
        (
            "tokenURL: http://127.example/token, clientID: a, clientSecret: hush", "6:29",
            "'tokenURL': the client's secret would be sent unencrypted"
        ),
        ("\(tokenURL), clientID: \"\", clientSecret: hush", "6:59", "the value of 'clientID': it is empty"),
        (
            "\(tokenURL), clientID: a, clientSecret: \"hush\\n\"", "6:76",
            "the value of 'clientSecret': it contains a line break"
        ),
        (
            "\(tokenURL), clientID: a, clientSecret: hush, scope: a", "6:82",
            "unknown key 'scope' in 'oauth2'; did you mean 'scopes'?"
        ),
        (
            "\(tokenURL), clientID: a, clientSecret: hush, scopes: a", "6:90",
            "'scopes' must be a list with at least one item"
        ),
        (
            "\(tokenURL), clientID: a, clientSecret: hush, scopes: []", "6:90",
            "'scopes' must be a list with at least one item"
        ),
        ("\(tokenURL), clientID: a, clientSecret: hush, scopes: [1]", "6:91", "a scope must be a text, found a number"),
        (
            "\(tokenURL), clientID: a, clientSecret: hush, audience: 1", "6:92",
            "'audience' must be a text, found a number"
        ),
    ])
    func `a wrong client of OAuth is reported at its place`(fields: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: "auth: { oauth2: { \(fields) } }"), place, message)
    }

    @Test(arguments: [
        "http://127.0.0.1:8080/token", "http://127.3.2.1/", "http://[::1]/token", "http://localhost/token",
        "HTTP://login.localhost/", "https://l.example/token", "https://10.0.0.1/",
    ])
    func `a token comes encrypted, or from this machine`(url: String) {
        let text = ManifestText.webhook(
            adding: "auth: { oauth2: { tokenURL: \"\(url)\", clientID: a, clientSecret: b } }"
        )
        #expect(ManifestText.problems(text) == [])
    }

    @Test func `a header of another name goes with every kind of authentication`() {
        let text = ManifestText.webhook(
            adding: "headers: { Authorization: a }\nauth: { apiKey: { header: X-Key, value: b } }"
        )
        #expect(ManifestText.problems(text) == [])
    }

    @Test func `the remedy for scopes speaks of scopes`() throws {
        let text = ManifestText.webhook(
            adding: "auth: { oauth2: { \(Self.tokenURL), clientID: a, clientSecret: b, scopes: hooks } }"
        )
        let problem = try #require(ManifestLoader.parse(text: text, file: "f.yaml").problems.first)
        #expect(problem.what.contains("'scopes'"))
        #expect(!problem.remedy.contains("'secret'"))
    }
}
