import Manifests
import Messaging
import Testing

@Suite struct FunctionManifestTests {
    @Test func `every field is read`() throws {
        let text = """
            apiVersion: warren/v1
            kind: Function
            name: reserve-stock
            handler: orders/reserve
            queue: legacy.stock
            events:
              exchange: shop
              keys: [order.placed, "order.*.amended", 'order.#']
            concurrency: 32
            workers: 2
            timeout: 2m
            retry:
              maxAttempts: 7
              backoff: { initial: 250ms, multiplier: 1.5, max: 2h, jitter: 0 }
              maxDeferrals: 0
            env:
              URL: http://127.0.0.1:9000/?a=b&c=*!
              LEVEL: 3
              VERBOSE: yes
              EMPTY: ""
              TOKEN: { fromEnv: STOCK_TOKEN }
              SECRET: { fromFile: /run/secrets/stock }
            """
        let manifest = try #require(ManifestText.functions(text).first)
        #expect(ManifestText.problems(text) == [])
        let expected = FunctionManifest(
            name: "reserve-stock",
            handler: HandlerReference(bundle: "orders", function: "reserve"),
            exchange: "shop",
            keys: [
                try RoutingPattern("order.placed"),
                try RoutingPattern("order.*.amended"),
                try RoutingPattern("order.#"),
            ],
            queue: "legacy.stock",
            concurrency: 32,
            workers: 2,
            timeout: .seconds(120),
            retry: RetryPolicy(
                maxAttempts: 7,
                backoff: Backoff(initial: .milliseconds(250), multiplier: 1.5, max: .seconds(7200), jitter: 0),
                maxDeferrals: 0
            ),
            env: [
                "URL": .literal("http://127.0.0.1:9000/?a=b&c=*!"),
                "LEVEL": .literal("3"),
                "VERBOSE": .literal("yes"),
                "EMPTY": .literal(""),
                "TOKEN": .fromEnvironment("STOCK_TOKEN"),
                "SECRET": .fromFile("/run/secrets/stock"),
            ],
            locations: FunctionManifest.Locations(everywhere: .start(of: "elsewhere"))
        )
        #expect(manifest == expected)
        #expect(manifest.source == SourceLocation(file: ManifestText.file, line: 1, column: 1))
        #expect(manifest.locations.handler == SourceLocation(file: ManifestText.file, line: 4, column: 10))
        #expect(manifest.locations.exchange == SourceLocation(file: ManifestText.file, line: 7, column: 13))
        #expect(manifest.locations.queue == SourceLocation(file: ManifestText.file, line: 5, column: 8))
    }

    @Test func `defaults fill what is not written`() throws {
        let manifest = try #require(ManifestText.functions(ManifestText.function()).first)
        #expect(manifest.exchange == "events")
        #expect(manifest.queue == nil)
        #expect(manifest.queueName(namespace: "warren") == "warren.reserve-stock")
        #expect(manifest.concurrency == 16)
        #expect(manifest.workers == 1)
        #expect(manifest.timeout == .seconds(30))
        #expect(manifest.retry.maxAttempts == 5)
        #expect(manifest.retry.maxDeferrals == 100)
        #expect(manifest.retry.backoff.initial == .seconds(1))
        #expect(manifest.retry.backoff.multiplier == 2)
        #expect(manifest.retry.backoff.max == .seconds(600))
        #expect(manifest.retry.backoff.jitter == 0.2)
        #expect(manifest.env == [:])
    }

    @Test(arguments: [
        ("concurrency: 16", 48),
        ("concurrency: 16\ntimeout: 60s", 48),
        ("concurrency: 16\ntimeout: 61s", 16),
        ("concurrency: 10000", 30_000),
    ])
    func `prefetch follows concurrency and timeout`(_ lines: String, _ prefetch: Int) throws {
        let manifest = try #require(ManifestText.functions(ManifestText.function(adding: lines)).first)
        #expect(manifest.prefetch == prefetch)
    }

    @Test func `prefetch fits an AMQP short`() throws {
        var manifest = try #require(ManifestText.functions(ManifestText.function()).first)
        manifest.concurrency = 40_000
        #expect(manifest.prefetch == 65_535)
    }

    @Test(arguments: ["    ", "# only a comment\n", "---\n", "---\n---\n...\n", "\u{FEFF}"])
    func `a text without content holds no manifest and no problem`(_ text: String) {
        #expect(ManifestText.functions(text) == [])
        #expect(ManifestText.problems(text) == [])
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `several documents keep their lines`(_ lineBreak: String) {
        let text =
            "# head\n---\n" + ManifestText.function(name: "one") + "...\n# between\n---\n"
            + ManifestText.function(name: "two") + "--- # three\n" + ManifestText.function(name: "three")
        let functions = ManifestText.functions(text.replacing("\n", with: lineBreak))
        #expect(functions.map(\.name) == ["one", "two", "three"])
        #expect(functions.map(\.source.line) == [3, 12, 19])
    }
}
