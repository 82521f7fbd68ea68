import Foundation

/// Measures what fifty idle functions cost.
struct FootprintBench {
    private static let functions = 50
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    func measure(into table: inout BudgetTable) async throws {
        let names = (1...Self.functions).map { "idle-\($0)" }
        let manifests = try self.surroundings.directory.manifests(
            names,
            handler: "count-reading",
            key: "nothing.ever",
            concurrency: 16
        )
        let host = try HostUnderTest(self.surroundings, manifests: manifests)
        try await host.waitUntilConsuming(names.map { "warren.\($0)" }, self.surroundings)
        let resident = host.usage.residentKiB / 1024
        let workers = host.workers.map { $0.residentKiB / 1024 }
        try host.stop()
        table.add("host resident with \(Self.functions) idle functions", resident, " MB", atMost: 25)
        table.add("idle worker resident", workers.median, " MB", atMost: 12)
    }
}
