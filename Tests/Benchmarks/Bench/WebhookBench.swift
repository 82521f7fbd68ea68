import Foundation

/// Measures how fast events are delivered over HTTP, compared with a program that uses only libcurl and has no queue to
/// read from. Both post to the same nginx on the same machine.
struct WebhookBench {
    /// A host may not deliver to loopback addresses unless this option allows it.
    static let hostArguments = ["--allow-network", "127.0.0.0/8"]
    private static let key = "webhook.due"
    private static let inFlight = 64
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    private struct Round {
        let bare: BareReport
        let warren: Drain.Figures

        var ratio: Double { self.warren.rate / self.bare.rate }
    }

    func measure(rounds: Int, into table: inout BudgetTable) async throws {
        let nginx = try await Nginx.start(in: self.surroundings.directory, port: SilentPort.free())
        defer { nginx.stop() }
        try await self.measureThroughput(rounds: rounds, nginx, into: &table)
        try await DeadEndpointBench(self.surroundings, nginx).measure(into: &table)
    }

    private func measureThroughput(rounds: Int, _ nginx: Nginx, into table: inout BudgetTable) async throws {
        let webhook = BenchWebhook(name: "deliver", url: nginx.url, key: Self.key, concurrency: Self.inFlight)
        let drain = Drain(
            surroundings: self.surroundings,
            manifests: try self.surroundings.directory.manifests([webhook], named: webhook.name),
            queues: [webhook.queue],
            arguments: Self.hostArguments
        )
        try await drain.declareQueues()
        let count = self.surroundings.options.events
        var all: [Round] = []
        for number in 1...rounds {
            let bare = try self.deliverBare(count, to: nginx)
            try self.surroundings.fill(Self.key, count)
            let round = Round(bare: bare, warren: try await drain.run(count) { _ in nginx.usage })
            print("  round \(number): bare \(Int(round.bare.rate))/s, warren \(Int(round.warren.rate))/s")
            all.append(round)
        }
        self.report(all, into: &table)
    }

    private func deliverBare(_ count: Int, to nginx: Nginx) throws -> BareReport {
        let report = try self.surroundings.programs.report(
            "bare-webhook",
            [nginx.url, "\(count)", "\(Self.inFlight)", self.surroundings.directory.body]
        )
        // New connections would slow the yardstick down, and flatter Warren.
        guard let connections = report.connections, connections <= Self.inFlight else {
            throw BenchError("nginx did not keep connections alive")
        }
        return report
    }

    private func report(_ rounds: [Round], into table: inout BudgetTable) {
        func median(_ value: (Round) -> Double) -> Double { rounds.map(value).median }
        table.add("bare libcurl, deliveries/s", BudgetTable.format(median(\.bare.rate)))
        table.add("bare libcurl CPU, µs/delivery", BudgetTable.format(median(\.bare.cpuPerEvent)))
        table.add("warren webhook, deliveries/s", BudgetTable.format(median(\.warren.rate)))
        table.add("webhooks, ratio to bare", median(\.ratio), "", atLeast: 0.6)
        table.add("webhook host CPU", median(\.warren.hostCPU), " µs/delivery", atMost: 35)
        table.add("nginx CPU meanwhile, µs/delivery", BudgetTable.format(median(\.warren.handlerCPU)))
    }
}
