import Manifests
import Testing

/// What is refused, where, and with which words. The table's lines follow a good manifest of five lines.
@Suite struct StrictnessTests {
    @Test(arguments: [
        ("concurency: 3", "6:1", "unknown key 'concurency' in a Function; did you mean 'concurrency'?"),
        ("retry: { maxattempt: 3 }", "6:10", "unknown key 'maxattempt' in 'retry'; did you mean 'maxAttempts'?"),
        ("zzz: 3", "6:1", "unknown key 'zzz' in a Function; allowed keys: "),
        ("1: 3", "6:1", "unknown key '1' in a Function"),
        ("concurrency: 0", "6:14", "must be a whole number from 1 to 10000, found '0'; write plain digits"),
        ("concurrency: 10001", "6:14", "found '10001'"),
        ("concurrency: -1", "6:14", "found '-1'"),
        ("concurrency: 1e3", "6:14", "found '1e3'"),
        ("concurrency: 1.0", "6:14", "found '1.0'"),
        ("concurrency: 0x10", "6:14", "found '0x10'"),
        ("concurrency: 1_000", "6:14", "found '1_000'"),
        ("concurrency: 010", "6:14", "found '010'"),
        ("concurrency: +5", "6:14", "found '+5'"),
        ("concurrency: 99999999999999999999", "6:14", "found '99999999999999999999'"),
        ("concurrency: yes", "6:14", "found a boolean"),
        ("concurrency: many", "6:14", "found a text; write plain digits"),
        ("concurrency: \"16\"", "6:14", "found a text; remove the quotes"),
        ("concurrency: [16]", "6:14", "found a list"),
        ("concurrency:", "6:13", "found nothing"),
        ("workers: 65", "6:10", "from 1 to 64"),
        ("timeout: 30", "6:10", "'timeout': the duration has no unit; write it as 250ms"),
        ("timeout: 0s", "6:10", "'timeout' must be longer than zero"),
        ("timeout: 10 s", "6:10", "'10 s' is not a whole number directly followed by a unit"),
        ("timeout: 30m", "6:10", "'timeout' is 30m, and at most 20m is possible: the broker"),
        ("timeout: { seconds: 1 }", "6:10", "'timeout' must be a duration, found a mapping"),
        ("timeout: true", "6:10", "'timeout' must be a duration, found a boolean"),
        ("retry: { maxAttempts: 0 }", "6:23", "'maxAttempts' must be a whole number from 1 to"),
        ("retry: { maxDeferrals: -1 }", "6:24", "'maxDeferrals' must be"),
        ("retry: { backoff: { multiplier: 0.5 } }", "6:33", "'multiplier' must be a number from 1 to 100, found '0.5'"),
        ("retry: { backoff: { multiplier: .inf } }", "6:33", "found '.inf'"),
        ("retry: { backoff: { jitter: 1.1 } }", "6:29", "'jitter' must be a number from 0 to 1"),
        ("retry: { backoff: { initial: 1h } }", "6:30", "'initial' (1h) is longer than 'max' (10m)"),
        ("retry: { backoff: { max: 101d } }", "6:26", "'max' is 101d, and at most 100d is possible"),
        ("retry: { backoff: 5s }", "6:19", "'backoff' must be a mapping, found a text"),
        ("retry:", "6:7", "'retry' must be a mapping, found nothing"),
        ("queue: amq.stock", "6:8", "'queue': the prefix 'amq.' belongs to the broker"),
        ("queue: a/b", "6:8", "'queue': the name contains '/'"),
        ("queue: 17", "6:8", "'queue' must be a text, found a number; put it in quotes"),
        ("env: { 1X: a }", "6:8", "'1X' is not a valid name of an environment variable"),
        ("env: { X: [hush] }", "6:11", "the value of 'X' must be a single value, found a list"),
        ("env: { X: { fromEnv: A, fromFile: /b } }", "6:11", "exactly one of fromEnv and fromFile"),
        ("env: { X: {} }", "6:11", "exactly one of fromEnv and fromFile"),
        ("env: { X: { fromenv: A } }", "6:13", "did you mean 'fromEnv'?"),
        ("env: { X: { fromEnv: A-B } }", "6:22", "'fromEnv' must be the name of an environment variable"),
        ("env: { X: { fromFile: secrets } }", "6:23", "'fromFile' must be an absolute path"),
        ("env: { X: }", "6:11", "'X' has no value"),
        ("env: { X: \"a\\0b\" }", "6:11", "contains the character NUL"),
        ("env: hush", "6:6", "'env' must be a mapping, found a text"),
    ])
    func `a wrong field is reported at its place`(_ lines: String, _ place: String, _ message: String) {
        let text = ManifestText.function(adding: lines)
        let problems = ManifestText.problems(text)
        #expect(ManifestText.functions(text) == [])
        #expect(problems.contains { $0.hasPrefix("\(ManifestText.file):\(place): error: ") && $0.contains(message) })
        #expect(!problems.contains { $0.contains("hush") })
    }

    @Test(arguments: [
        ("keys: []", "5:17", "'keys' is empty"),
        ("keys: order.placed", "5:17", "'keys' must be a list of routing patterns, found a text"),
        ("keys: [order..placed]", "5:18", "word 2 of the routing pattern is empty"),
        ("keys: [a, ord*]", "5:21", "'ord*' mixes a wildcard with other characters"),
        ("keys: [*.placed]", "5:18", "aliases are refused; write the value out; a text that starts with '*'"),
        ("keys: [*]", "5:18", "aliases are refused"),
        ("keys: [1.5]", "5:18", "a routing pattern must be a text, found a number"),
        ("keys: [a, a]", "5:21", "the routing pattern 'a' is written twice"),
        ("exchange: amq.topic, keys: [a]", "5:21", "the prefix 'amq.' belongs to the broker"),
        ("exchange: \"\", keys: [a]", "5:21", "'exchange': the name is empty"),
        ("exchange: shop", "5:9", "the key 'keys' is missing; add 'keys: [order.placed]'"),
        ("key: [a]", "5:11", "unknown key 'key' in 'events'; did you mean 'keys'?"),
    ])
    func `wrong events are reported at their place`(_ events: String, _ place: String, _ message: String) {
        let text = ManifestText.function().replacing("keys: [order.placed]", with: events)
        let problems = ManifestText.problems(text)
        #expect(ManifestText.functions(text) == [])
        #expect(problems.contains { $0.hasPrefix("\(ManifestText.file):\(place): error: ") && $0.contains(message) })
    }

    @Test(arguments: [
        ("name: reserve-stock", "name: reserve stock", "3:7", "'name': the name contains ' '"),
        ("name: reserve-stock", "name: ..", "3:7", "the name consists of dots only"),
        ("name: reserve-stock", "name: bücher", "3:7", "the name contains 'ü'"),
        ("name: reserve-stock", "name: \"\"", "3:7", "the name is empty"),
        ("name: reserve-stock", "name: 12", "3:7", "'name' must be a text, found a number; put it in quotes"),
        ("name: reserve-stock", "name: \(String(repeating: "a", count: 121))", "3:7", "has 121 characters"),
        ("name: reserve-stock\n", "", "1:1", "the key 'name' is missing; add 'name: reserve-stock'"),
        ("orders/reserve-stock", "orders", "4:10", "'handler': a handler is written bundle/function, with one slash"),
        ("orders/reserve-stock", "a/b/c", "4:10", "with one slash"),
        ("orders/reserve-stock", "../b", "4:10", "dots only"),
        ("orders/reserve-stock", "orders/", "4:10", "the name is empty"),
        ("orders/reserve-stock", "orders@/a", "4:10", "written bundle@version, with one '@'; write it as in orders@2/"),
        ("orders/reserve-stock", "orders/a@2", "4:10", "the version follows the function"),
        ("apiVersion: warren/v1\n", "", "1:1", "the key 'apiVersion' is missing; write 'apiVersion: warren/v1'"),
        ("warren/v1", "warren/v2", "1:13", "does not know the apiVersion 'warren/v2'; write 'apiVersion: warren/v1'"),
        ("warren/v1", "[warren]", "1:13", "'apiVersion' must be a text, found a list"),
        ("kind: Function\n", "", "1:1", "the key 'kind' is missing; write 'kind: Function'"),
        ("kind: Function", "kind: Job", "2:7", "does not know the kind 'Job'; allowed kinds: "),
        ("kind: Function", "kind: function", "2:7", "did you mean 'Function'?"),
    ])
    func `a wrong head is reported at its place`(_ good: String, _ bad: String, _ place: String, _ message: String) {
        let text = ManifestText.function().replacing(good, with: bad)
        let problems = ManifestText.problems(text)
        #expect(ManifestText.functions(text) == [])
        #expect(problems.count == 1)
        #expect(problems.contains { $0.hasPrefix("\(ManifestText.file):\(place): error: ") && $0.contains(message) })
    }

    @Test(arguments: [120, 199])
    func `a queue may have a name of up to 199 characters`(_ length: Int) {
        let name = String(repeating: "q", count: length)
        #expect(ManifestText.functions(ManifestText.function(adding: "queue: \(name)")).first?.queue == name)
        let longer = String(repeating: "q", count: 200)
        #expect(ManifestText.problems(ManifestText.function(adding: "queue: \(longer)")).count == 1)
    }

    @Test func `all problems of all documents are reported, sorted`() {
        let text =
            ManifestText.function(adding: "workers: 0\nbogus: 1")
            + "--- [a, list]\n---\n\tbroken: [\n---\n" + ManifestText.function(adding: "timeout: 1")
        let lines = ManifestLoader.parse(text: text, file: "f.yaml").problems.map(\.line)
        #expect(lines == [6, 7, 8, 10, 17])
    }

    @Test func `a message is one line whatever the user wrote`() {
        let text = ManifestText.function(adding: "\"a\\nb\\u001b\": 1\n\(String(repeating: "x", count: 500)): 1")
        let problems = ManifestText.problems(text)
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.count < 300 && !$0.contains("\n") && !$0.contains("\u{1B}") })
    }
}
