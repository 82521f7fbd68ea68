import Foundation
import PatientPolling

/// Measures whether memory use stays constant over a long backlog.
struct BacklogBench {
    private static let queue = "warren.count-reading"
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    func measure(into table: inout BudgetTable) async throws {
        let surroundings = self.surroundings
        let count = surroundings.options.backlog
        let manifests = try surroundings.directory.manifests(
            ["count-reading"],
            handler: "count-reading",
            key: "reading.taken"
        )
        let input = try surroundings.directory.readings(count)
        _ = try surroundings.programs.run(
            "warren",
            [
                "publish", "reading.taken", "--exchange", "bench", "--broker", surroundings.url, "--ndjson",
                "--file", input,
            ]
        )
        let host = try HostUnderTest(surroundings, manifests: manifests)
        var residents: [Double] = []
        _ = try await poll(for: "the backlog to empty", every: .milliseconds(100), within: .seconds(600)) {
            guard let inspection = try await surroundings.inspect(Self.queue) else { return nil as Bool? }
            // The first tenth is the warm-up.
            if inspection.ready < count * 9 / 10 { residents.append(host.usage.residentKiB / 1024) }
            return inspection.ready == 0 ? true : nil
        }
        try host.stop()
        let growth = (residents.last ?? 0) - (residents.first ?? 0)
        table.add("host resident over the backlog, at most", residents.max() ?? .nan, " MB", atMost: 25)
        table.add("host resident, growth over the backlog", max(0, growth), " MB", atMost: 1)
    }
}
