import Foundation

/// Measures whether an endpoint that accepts connections and never answers slows down the others: eleven endpoints in
/// one host, with and without events for the dead one.
struct DeadEndpointBench {
    /// Whether there are events for the dead endpoint, for each run. This order spreads the effect of a machine that
    /// slows down over both kinds of run.
    private static let runs = [false, true, true, false]
    private static let concurrency = 8
    private let surroundings: BenchContext
    private let good: [BenchWebhook]
    /// The number of events for each endpoint.
    private let share: Int
    private let server: ProcessUsage

    init(_ surroundings: BenchContext, _ nginx: Nginx) {
        self.surroundings = surroundings
        self.good = (1...10).map {
            BenchWebhook(name: "fan-\($0)", url: nginx.url, key: "fan.\($0)", concurrency: Self.concurrency)
        }
        self.share = surroundings.options.events / self.good.count
        self.server = nginx.usage
    }

    func measure(into table: inout BudgetTable) async throws {
        var alone = 0.0
        var beside = 0.0
        for (number, isDeadBusy) in Self.runs.enumerated() {
            let rate = try await self.rate(number, isDeadBusy: isDeadBusy)
            print("  ten endpoints \(isDeadBusy ? "beside a dead one" : "alone") \(Int(rate))/s")
            if isDeadBusy { beside += rate } else { alone += rate }
        }
        table.add("ten endpoints beside a dead one, share of their rate", beside / alone, "", atLeast: 0.95)
    }

    /// Deliveries per second to the ten endpoints together. The dead endpoint has a new name in each run, because the
    /// remaining events of one run must not return in the next.
    private func rate(_ number: Int, isDeadBusy: Bool) async throws -> Double {
        let port = try SilentPort()
        let dead = BenchWebhook(
            name: "fan-dead-\(number)",
            url: "http://127.0.0.1:\(port.number)/hooks",
            key: "fan.dead.\(number)",
            concurrency: Self.concurrency,
            timeout: "1s"
        )
        let manifests = try self.surroundings.directory.manifests(self.good + [dead], named: dead.name)
        try await self.drain([dead] + self.good, manifests).declareQueues()
        // More events than can time out while the ten endpoints get theirs.
        if isDeadBusy { try self.surroundings.fill(dead.key, self.share) }
        for webhook in self.good { try self.surroundings.fill(webhook.key, self.share) }
        let server = self.server
        let figures = try await self.drain(self.good, manifests).run(self.share * self.good.count) { _ in server }
        guard port.wasReached == isDeadBusy else {
            throw BenchError("the dead endpoint was \(isDeadBusy ? "not called" : "called without an event for it")")
        }
        return figures.rate
    }

    private func drain(_ webhooks: [BenchWebhook], _ manifests: String) -> Drain {
        Drain(
            surroundings: self.surroundings,
            manifests: manifests,
            queues: webhooks.map(\.queue),
            arguments: WebhookBench.hostArguments
        )
    }
}
