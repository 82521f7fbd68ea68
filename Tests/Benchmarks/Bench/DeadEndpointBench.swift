import Foundation

/// Whether an endpoint that takes connections and never answers slows down those that do: ten endpoints in one host,
/// with and without events for an eleventh, in turn, because the machine changes with the time.
struct DeadEndpointBench {
    private static let turns = 2
    private static let endpoints = 10
    private static let concurrency = 8
    private let surroundings: Surroundings
    private let nginx: Nginx

    init(_ surroundings: Surroundings, _ nginx: Nginx) {
        self.surroundings = surroundings
        self.nginx = nginx
    }

    func measure(into table: inout BudgetTable) async throws {
        var alone = 0.0
        var beside = 0.0
        for turn in 1...Self.turns {
            let rates = try await self.rates(turn)
            print("  turn \(turn): ten alone \(Int(rates.alone))/s, beside a dead one \(Int(rates.beside))/s")
            alone += rates.alone
            beside += rates.beside
        }
        table.add("ten endpoints beside a dead one, share of their rate", beside / alone, "", atLeast: 0.95)
    }

    /// Deliveries a second to the ten together, while the dead one has no events and while it has more than it can
    /// ever lose in the time. Its queue is a new one in each turn: what is left of the last turn's is not for this one.
    private func rates(_ turn: Int) async throws -> (alone: Double, beside: Double) {
        let port = try SilentPort()
        let good = (1...Self.endpoints).map { number in
            BenchWebhook(
                name: "fan-\(number)",
                url: self.nginx.url,
                key: "fan.\(number)",
                concurrency: Self.concurrency
            )
        }
        let dead = BenchWebhook(
            name: "fan-dead-\(turn)",
            url: "http://127.0.0.1:\(port.number)/hooks",
            key: "fan.dead.\(turn)",
            concurrency: Self.concurrency,
            timeout: "1s"
        )
        let manifests = try self.surroundings.directory.manifests(good + [dead], named: "fan-\(turn)")
        func drain(_ webhooks: [BenchWebhook]) -> Drain {
            Drain(
                surroundings: self.surroundings,
                manifests: manifests,
                queues: webhooks.map(\.queue),
                arguments: WebhookBench.hostArguments
            )
        }
        try await drain(good + [dead]).declareQueues()
        let alone = try await self.rate(drain(good), good)
        guard !port.wasReached else { throw BenchError("the dead endpoint was called without an event for it") }
        try self.surroundings.fill(dead.key, self.surroundings.options.events / Self.endpoints)
        let beside = try await self.rate(drain(good), good)
        guard port.wasReached else { throw BenchError("nobody called the dead endpoint") }
        return (alone, beside)
    }

    private func rate(_ drain: Drain, _ webhooks: [BenchWebhook]) async throws -> Double {
        let share = self.surroundings.options.events / webhooks.count
        for webhook in webhooks { try self.surroundings.fill(webhook.key, share) }
        return try await drain.run(share * webhooks.count) { _ in self.nginx.usage }.rate
    }
}
