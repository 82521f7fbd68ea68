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
            timeoutGrace: 500ms
            batch: { size: 100, wait: 1s }
            limits: { memory: 64MiB, openFiles: 256, cpuTime: 10m }
            recycle: { afterEvents: 100000, afterTime: 6h }
            breaker: { failures: 20, window: 5m, pause: 100ms }
            ordered: false
            onRemove: delete
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
            timeoutGrace: .milliseconds(500),
            retry: RetryPolicy(
                maxAttempts: 7,
                backoff: Backoff(initial: .milliseconds(250), multiplier: 1.5, max: .seconds(7200), jitter: 0),
                maxDeferrals: 0
            ),
            limits: ResourceLimits(memory: 67_108_864, openFiles: 256, cpuTime: .seconds(600)),
            recycle: RecyclePolicy(afterEvents: 100_000, afterTime: .seconds(21_600)),
            breaker: BreakerPolicy(failures: 20, window: .seconds(300), pause: .milliseconds(100)),
            ordered: false,
            batch: BatchPolicy(size: 100, wait: .seconds(1)),
            onRemove: .delete,
            env: [
                "URL": .literal("http://127.0.0.1:9000/?a=b&c=*!"),
                "LEVEL": .literal("3"),
                "VERBOSE": .literal("yes"),
                "EMPTY": .literal(""),
                "TOKEN": .fromEnvironment("STOCK_TOKEN"),
                "SECRET": .fromFile("/run/secrets/stock"),
            ],
            locations: ConsumerManifest.Locations(everywhere: .start(of: "elsewhere"))
        )
        #expect(manifest == expected)
        #expect(manifest.source == SourceLocation(file: ManifestText.file, line: 1, column: 1))
        #expect(manifest.locations.target == SourceLocation(file: ManifestText.file, line: 4, column: 10))
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
        #expect(manifest.timeoutGrace == .seconds(2))
        #expect(manifest.limits == ResourceLimits(memory: nil, openFiles: nil, cpuTime: nil))
        #expect(manifest.recycle == RecyclePolicy(afterEvents: nil, afterTime: nil))
        #expect(manifest.breaker == nil)
        #expect(!manifest.ordered)
        #expect(manifest.batch == nil)
        #expect(manifest.onRemove == .keep)
        #expect(manifest.retry.maxAttempts == 5)
        #expect(manifest.retry.maxDeferrals == 100)
        #expect(manifest.retry.backoff.initial == .seconds(1))
        #expect(manifest.retry.backoff.multiplier == 2)
        #expect(manifest.retry.backoff.max == .seconds(600))
        #expect(manifest.retry.backoff.jitter == 0.2)
        #expect(manifest.env == [:])
    }

    @Test(arguments: ["limits", "recycle"])
    func `an empty part asks for nothing`(_ key: String) {
        let text = ManifestText.function(adding: "\(key): {}")
        #expect(ManifestText.problems(text) == [])
        #expect(ManifestText.functions(text) == ManifestText.functions(ManifestText.function()))
    }

    @Test(arguments: [
        ("breaker: {}", BreakerPolicy(failures: 5, window: .seconds(60), pause: .seconds(5))),
        ("breaker: { failures: 1 }", BreakerPolicy(failures: 1, window: .seconds(60), pause: .seconds(5))),
        ("breaker: { pause: 1h }", BreakerPolicy(failures: 5, window: .seconds(60), pause: .seconds(3600))),
    ])
    func `a breaker has a default for every field`(_ lines: String, _ breaker: BreakerPolicy) throws {
        let manifest = try #require(ManifestText.functions(ManifestText.function(adding: lines)).first)
        #expect(manifest.breaker == breaker)
    }

    @Test func `the user of the workers is the host's own unless it is named`() throws {
        #expect(try #require(ManifestText.functions(ManifestText.function()).first).user == nil)
        let text = ManifestText.function(adding: "user: warren-orders_2")
        #expect(try #require(ManifestText.functions(text).first).user == "warren-orders_2")
    }

    @Test(arguments: ["\"\"", "'65534'", "-u", "'a b'", "a/b", "'a:b'", String(repeating: "a", count: 33)])
    func `what is no name of a user is refused`(_ name: String) {
        let problems = ManifestText.problems(ManifestText.function(adding: "user: \(name)"))
        #expect(problems.count == 1 && problems[0].contains("test.yaml:6:"), "\(problems)")
    }

    @Test func `a batch waits a little by default`() throws {
        let manifest = try #require(ManifestText.functions(ManifestText.function(adding: "batch: { size: 7 }")).first)
        #expect(manifest.batch == BatchPolicy(size: 7, wait: .milliseconds(100)))
    }

    /// Each line at the edge of what is allowed.
    @Test(arguments: [
        "timeoutGrace: 1ms", "timeoutGrace: 5m", "onRemove: keep", "batch: { size: 1, wait: 1ms }",
        "limits: { memory: 32MiB, openFiles: 32, cpuTime: 1s }",
        "limits: { memory: 1024GiB, openFiles: 1048576, cpuTime: 365d }", "limits: { cpuTime: 2000ms }",
        "recycle: { afterEvents: 1, afterTime: 1s }", "recycle: { afterEvents: 1000000000, afterTime: 30d }",
        "breaker: { failures: 1, window: 1s, pause: 100ms }", "breaker: { failures: 10000, window: 1d, pause: 1h }",
        "concurrency: 10\nbatch: { size: 1000, wait: 29999ms }", "timeout: 2m\nbatch: { size: 2, wait: 1m }",
    ])
    func `the bounds themselves are allowed`(_ lines: String) {
        let text = ManifestText.function(adding: lines)
        #expect(ManifestText.problems(text) == [])
        #expect(ManifestText.functions(text).count == 1)
    }

    @Test(arguments: ["", "\nconcurrency: 1", "\nworkers: 1", "\nconcurrency: 1\nworkers: 1\ntimeout: 30s"])
    func `an ordered function has one event in flight`(_ lines: String) throws {
        let text = ManifestText.function(adding: "ordered: true" + lines)
        let manifest = try #require(ManifestText.functions(text).first)
        #expect(manifest.ordered)
        #expect(manifest.concurrency == 1)
        #expect(manifest.workers == 1)
        #expect(manifest.inFlight == 1)
        #expect(manifest.prefetch == 1)
    }

    @Test(arguments: [
        ("concurrency: 16", 16), ("concurrency: 16\nbatch: { size: 100 }", 1600),
        ("concurrency: 10\nbatch: { size: 1000 }", 10_000), ("batch: { size: 1 }", 16),
    ])
    func `an invocation takes a whole batch`(_ lines: String, _ inFlight: Int) throws {
        let manifest = try #require(ManifestText.functions(ManifestText.function(adding: lines)).first)
        #expect(manifest.inFlight == inFlight)
    }

    @Test(arguments: [
        ("concurrency: 16", 48),
        ("concurrency: 16\ntimeout: 60s", 48),
        ("concurrency: 16\ntimeout: 61s", 16),
        ("concurrency: 10000", 30_000),
        ("concurrency: 16\nbatch: { size: 10 }", 480),
        ("concurrency: 16\nbatch: { size: 10 }\ntimeout: 2m", 160),
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
