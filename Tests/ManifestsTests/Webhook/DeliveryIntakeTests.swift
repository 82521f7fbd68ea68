import Manifests
import Messaging
import Testing

/// How many events a webhook takes ahead: what waits for its turn is unacknowledged meanwhile, and the broker takes
/// back what is for 30 minutes.
struct DeliveryIntakeTests {
    @Test(arguments: [
        ("", 8, 24),
        ("concurrency: 100", 100, 300),
        // Longer than a minute: no more than can begin at once.
        ("concurrency: 100\ntimeout: 61s", 100, 100),
        // No more than may begin in a minute.
        ("concurrency: 100\nrate: 50/m", 50, 50),
        ("concurrency: 100\nrate: 200/m", 100, 200),
        ("concurrency: 100\nrate: 200/m\ntimeout: 61s", 100, 100),
        ("concurrency: 100\nrate: 1/s", 60, 60),
        ("concurrency: 100\nrate: 50/s", 100, 300),
        ("concurrency: 100\nrate: 600/h", 10, 10),
        ("concurrency: 100\nrate: 6/h", 1, 1),
        ("concurrency: 100\nrate: 7/m", 7, 7),
        ("concurrency: 4\nrate: 7/m", 4, 7),
        ("ordered: true\nrate: 50/s", 1, 1),
        ("concurrency: 10000", 10_000, 30_000),
    ])
    func `intake follows concurrency, timeout and rate`(lines: String, inFlight: Int, prefetch: Int) throws {
        let text = ManifestText.webhook(adding: lines)
        let manifest = try #require(ManifestText.webhooks(text).first, "\(ManifestText.problems(text))")
        #expect(manifest.inFlight == inFlight)
        #expect(manifest.prefetch == prefetch)
    }

    @Test func `a batch is bounded by the rate as well`() throws {
        let consumer = ConsumerManifest(
            kind: .function,
            name: "a",
            keys: [try RoutingPattern("#")],
            concurrency: 10,
            batch: BatchPolicy(size: 100),
            rate: try DeliveryRate("90/m"),
            timeout: .seconds(1),
            retry: RetryPolicy(),
            locations: ConsumerManifest.Locations(everywhere: .start(of: "a.yaml"))
        )
        #expect(consumer.inFlight == 90)
        #expect(consumer.prefetch == 90)
    }
}
