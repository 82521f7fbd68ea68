/// What an event costs the host when many functions stand beside the one that it is for, and have nothing to do.
struct ManyFunctionsBench {
    private static let idle = 499
    private static let name = "read-among-many"
    private static let key = "reading.of-many"
    private static let queue = "warren.\(Self.name)"
    private let surroundings: Surroundings

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    func measure(rounds: Int, into table: inout BudgetTable) async throws {
        let directory = self.surroundings.directory
        let alone = try directory.manifests([Self.name], handler: "count-reading", key: Self.key)
        let names = (1...Self.idle).map { "beside-\($0)" }
        let many = try directory.manifests(names, handler: "count-reading", key: "nothing.ever", concurrency: 1)
        _ = try directory.manifests([Self.name], handler: "count-reading", key: Self.key, in: many)
        let one = Drain(surroundings: self.surroundings, manifests: alone, queues: [Self.queue])
        let all = Drain(surroundings: self.surroundings, manifests: many, queues: [Self.queue])
        try await one.declareQueues()
        var ratios: [Double] = []
        for number in 1...rounds {
            let alone = try await self.cost(one)
            let among = try await self.cost(all)
            print("  round \(number): alone \(alone), among \(Self.idle + 1) \(among) µs/event")
            ratios.append(among / alone)
        }
        table.add("host CPU an event, \(Self.idle + 1) functions to one", ratios.median, "", atMost: 1.2)
    }

    /// Microseconds of the host's CPU for an event.
    private func cost(_ drain: Drain) async throws -> Double {
        let count = self.surroundings.options.events
        _ = try self.surroundings.fill(Self.key, count)
        return try await drain.run(count) { $0.workers.first }.hostCPU
    }
}
