import PatientPolling

/// Measures what an event costs the host if many other functions are idle.
struct ManyFunctionsBench {
    private static let idle = 499
    private static let name = "read-among-many"
    private static let key = "reading.of-many"
    private static let queue = "warren.\(Self.name)"
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    func measure(rounds: Int, into table: inout BudgetTable) async throws {
        let directory = self.surroundings.directory
        let alone = try directory.manifests([Self.name], handler: "count-reading", key: Self.key)
        let names = (1...Self.idle).map { "beside-\($0)" }
        let many = try directory.manifests(names, handler: "count-reading", key: "nothing.ever", concurrency: 1)
        _ = try directory.manifests([Self.name], handler: "count-reading", key: Self.key, in: many)
        var ratios: [Double] = []
        for number in 1...rounds {
            let first = try await self.cost(alone, [Self.name])
            let second = try await self.cost(many, [Self.name] + names)
            print(
                "  round \(number): alone \(BudgetTable.format(first)), among \(Self.idle + 1) \(BudgetTable.format(second)) µs/event"
            )
            ratios.append(second / first)
        }
        table.add("host CPU an event, \(Self.idle + 1) functions to one", ratios.median, "", atMost: 1.2)
    }

    /// Microseconds of the host's CPU time for each event. Starting the functions is not included.
    private func cost(_ manifests: String, _ names: [String]) async throws -> Double {
        let count = self.surroundings.options.events
        let host = try HostUnderTest(self.surroundings, manifests: manifests)
        try await host.waitUntilConsuming(names.map { "warren.\($0)" }, self.surroundings)
        try await host.waitUntilQuiet()
        let before = host.usage.cpuMicroseconds
        _ = try self.surroundings.fill(Self.key, count)
        try await poll(for: "the queue to empty", every: .milliseconds(10), within: .seconds(300)) {
            try await self.surroundings.inspect(Self.queue)?.ready == 0 ? () : nil
        }
        let after = host.usage.cpuMicroseconds
        try host.stop()
        return (after - before) / Double(count)
    }
}
