import Manifests
import Testing

/// What is refused in a webhook, where, and with which words. The tables' lines follow a good manifest of five lines;
/// what stands for a secret in them is `hush`, or `aHVzaA==` in base64.
struct WebhookStrictnessTests {
    @Test(arguments: [
        ("concurency: 3", "6:1", "unknown key 'concurency' in a Webhook; did you mean 'concurrency'?"),
        ("handler: orders/a", "6:1", "unknown key 'handler' in a Webhook"),
        ("workers: 2", "6:1", "unknown key 'workers' in a Webhook"),
        ("batch: { size: 2 }", "6:1", "unknown key 'batch' in a Webhook"),
        ("env: { A: hush }", "6:1", "unknown key 'env' in a Webhook"),
        ("limits: { memory: 64MiB }", "6:1", "unknown key 'limits' in a Webhook"),
        (
            "concurrency: 0", "6:14",
            "'concurrency' must be a whole number from 1 to 10000, found '0'; write plain digits, such as 8"
        ),
        ("ordered: true\nconcurrency: 2", "7:14", "'concurrency' is 2, and an ordered"),
        ("timeout: 301s", "6:10", "'timeout' is 301s, and at most 5m is possible: a receiver answers first and works"),
        ("timeout: 0s", "6:10", "'timeout' must be longer than zero; write a duration such as 15s"),
        ("rate: 50", "6:7", "'rate' must be a text, found a number"),
        (
            "rate: 0/s", "6:7",
            "'rate': '0/s' is not a whole number from 1 to 100000 followed by /s, /m or /h; write it as 50/s"
        ),
        ("rate: 1.5/s", "6:7", "'rate': '1.5/s' is not a whole number"),
        ("rate: 50/d", "6:7", "'rate': '50/d' is not a whole number"),
        (
            "rate: 5/h", "6:7",
            "'rate': less than one delivery in ten minutes leaves events unsettled for too long; raise it to 6/h"
        ),
        ("rate: [50/s]", "6:7", "'rate' must be a text, found a list"),
        ("http2: yes", "6:8", "'http2' must be true or false, found 'yes'"),
        ("format: Binary", "6:9", "'format' must be binary or structured, found 'Binary'; did you mean 'binary'?"),
        ("format: json", "6:9", "'format' must be binary or structured, found 'json'"),
        (
            "template: '{'", "6:11",
            "'template': it is not JSON when its placeholders are filled in (line 1 of the template)"
        ),
        ("template: |\n  {\n  \"a\": 1,\n  }", "6:11", "(line 3 of the template)"),
        ("template: '{{ payload'", "6:11", "'template': a '{{' has no '}}' behind it"),
        ("template: '{{ order.id }}'", "6:11", "'template': 'order.id' is not part of an event; write payload, a path"),
        ("template: {}", "6:11", "'template' must be a text, found a mapping"),
        ("format: structured\ntemplate: '{}'", "7:11", "'template' does not go with 'format: structured'"),
        ("template: '{}'\nformat: structured", "6:11", "'template' does not go with 'format: structured'"),
        ("onRemove: remove", "6:11", "'onRemove' must be keep or delete"),
        ("retry: { backoff: { initial: 2d } }", "6:30", "'initial' (2d) is longer than 'max' (1d)"),
        ("breaker: { failures: 0 }", "6:22", "'failures' must be a whole number from 1"),
    ])
    func `a wrong field is reported at its place`(lines: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: lines), place, message)
    }

    @Test(arguments: [
        ("rejectOn: 400", "6:11", "'rejectOn' must be a list of statuses from 400 to 499, found a number"),
        ("rejectOn: { a: 400 }", "6:11", "'rejectOn' must be a list of statuses from 400 to 499, found a mapping"),
        ("rejectOn:", "6:10", "'rejectOn' must be a list of statuses from 400 to 499, found nothing"),
        ("rejectOn: [399]", "6:12", "'rejectOn' must be a list of statuses from 400 to 499 other than 410"),
        ("rejectOn: [400, 500]", "6:17", "other than 410"),
        ("rejectOn: [410]", "6:12", "other than 410, which pauses the webhook; write numbers such as [400, 422]"),
        ("rejectOn: [\"400\"]", "6:12", "other than 410"),
        ("rejectOn: [4e2]", "6:12", "other than 410"),
        ("rejectOn: [400.0]", "6:12", "other than 410"),
        ("rejectOn: [4xx]", "6:12", "other than 410"),
        ("rejectOn: [-400]", "6:12", "other than 410"),
        ("rejectOn: [[400]]", "6:12", "other than 410"),
        ("rejectOn: [true]", "6:12", "other than 410"),
        ("rejectOn: [0x190]", "6:12", "other than 410"),
        // As strict as every other number: 0400 is 256 to a reader of YAML 1.1.
        ("rejectOn: [0400]", "6:12", "other than 410"),
        ("rejectOn: [+400]", "6:12", "other than 410"),
    ])
    func `a wrong status is reported at its place`(lines: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: lines), place, message)
    }

    @Test(arguments: [
        ("tls: /etc/ssl", "6:6", "'tls' must be a mapping, found a text"),
        ("tls: { cert: /a }", "6:8", "unknown key 'cert' in 'tls'"),
        ("tls: { ca: ca.pem }", "6:12", "'ca' must be an absolute path; start it with '/'"),
        ("tls: { ca: \"/a\\0b\" }", "6:12", "'ca' must be an absolute path"),
        ("tls: { ca: 1 }", "6:12", "'ca' must be a text, found a number"),
        ("tls: { certificate: /a }", "6:6", "'certificate' and 'key' belong together; name both files, or neither"),
        ("tls: { key: /a }", "6:6", "'certificate' and 'key' belong together"),
        ("tls: { certificate: /a, key: ./b }", "6:30", "'key' must be an absolute path"),
    ])
    func `wrong files are reported at their place`(lines: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook(adding: lines), place, message)
    }

    @Test func `an address without encryption has no use for its files`() {
        let text = ManifestText.webhook(adding: "tls: { ca: /a }").replacing("https:", with: "http:")
        ManifestText.expectRefused(
            text,
            "6:6",
            "'tls' has no use for an http:// address; write https:// in 'url', or remove 'tls'"
        )
    }

    @Test(arguments: [
        ("name: crm\n", "", "1:1", "the key 'name' is missing; add 'name: crm'"),
        ("name: crm", "name: c r m", "3:7", "'name': the name contains ' '"),
        (
            "url: https://example.com/hooks\n", "", "1:1",
            "the key 'url' is missing; add 'url: https://example.com/hooks'"
        ),
        (
            "https://example.com", "https://warren:hush@example.com", "4:6",
            "'url': the address holds a user or password; give them"
        ),
        (
            "https://example.com/hooks", "example.com", "4:6",
            "'url': the address begins with neither https:// nor http://"
        ),
        (
            "https://example.com/hooks", "https://127.1/?token=hush", "4:6",
            "'url': the host is a number, but not an IPv4 address"
        ),
        (
            "https://example.com/hooks", "https://example.com/ü?hush", "4:6",
            "'url': the address contains a character that must be"
        ),
        (
            "https://example.com/hooks", "\"https://example.com/\\r\\nhush\"", "4:6",
            "'url': the address contains a character"
        ),
        ("https://example.com/hooks", "\"https://[::1\\0x]/\"", "4:6", "is not a host"),
        (
            "https://example.com/hooks", "\"https://example.com/#hush\"", "4:6",
            "'url': the address has a fragment ('#')"
        ),
        ("https://example.com/hooks", "17", "4:6", "'url' must be a text, found a number"),
        ("https://example.com/hooks", "[https://example.com]", "4:6", "'url' must be a text, found a list"),
        ("events: { keys: [order.placed] }\n", "", "1:1", "the key 'events' is missing"),
        ("keys: [order.placed]", "keys: []", "5:17", "'keys' is empty"),
        (
            "kind: Webhook", "kind: webhook", "2:7",
            "this version of Warren does not know the kind 'webhook'; did you mean 'Webhook'?"
        ),
        ("kind: Webhook\n", "", "1:1", "the key 'kind' is missing; write 'kind: Function' or 'kind: Webhook'"),
    ])
    func `a wrong head is reported at its place`(good: String, bad: String, place: String, message: String) {
        ManifestText.expectRefused(ManifestText.webhook().replacing(good, with: bad), place, message)
    }

    @Test func `all problems are reported at once, sorted`() {
        let text = ManifestText.webhook(
            adding: "rate: 0/s\nsecret: hush\nauth: {}\nheaders: { Host: a }\nrejectOn: [1, 2]"
        )
        .replacing("https://example.com/hooks", with: "nowhere")
        let problems = ManifestLoader.parse(text: text, file: "f.yaml").problems
        #expect(problems.map(\.line) == [4, 6, 7, 8, 9, 10, 10])
    }
}
