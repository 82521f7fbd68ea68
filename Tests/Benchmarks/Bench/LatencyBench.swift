import Foundation
import PatientPolling

/// Measures the time from publishing to the first line of the function, at 2,000 events a second, compared with a bare
/// consumer.
struct LatencyBench {
    private static let queue = "warren.measure-latency"
    private static let key = "latency.tick"
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    func measure(rounds: Int, into table: inout BudgetTable) async throws {
        let directory = self.surroundings.directory
        let body = directory.body
        let output = "\(directory.path)/latencies"
        let count = self.surroundings.options.latencyEvents
        let manifests = try directory.manifests(
            ["measure-latency"],
            handler: "measure-latency",
            key: Self.key,
            environment: ["BENCH_OUTPUT": output, "BENCH_COUNT": "\(count)"]
        )
        var bare: [(p50: Double, p99: Double)] = []
        var warren: [(p50: Double, p99: Double)] = []
        for _ in 0..<rounds {
            let host = try HostUnderTest(self.surroundings, manifests: manifests)
            try await host.waitUntilConsuming([Self.queue], self.surroundings)
            try self.publish(count, body: body)
            let lines = try await poll(for: "the latencies", every: .milliseconds(20), within: .seconds(30)) {
                try? String(contentsOfFile: output, encoding: .utf8)
            }
            try FileManager.default.removeItem(atPath: output)
            try host.stop()
            let microseconds = lines.split(separator: "\n").compactMap { Double($0) }.map { $0 / 1000 }
            warren.append((microseconds.percentile(0.5), microseconds.percentile(0.99)))

            // The same queue, so that the broker does the same work.
            let consumer = Task.detached { [programs = self.surroundings.programs, url = self.surroundings.url] in
                try programs.report("bare-consumer", [url, Self.queue, "\(count)", "192", "64", "--latency"])
            }
            try await self.waitForConsumer()
            try self.publish(count, body: body)
            let report = try await consumer.value
            bare.append((report.p50Microseconds ?? .nan, report.p99Microseconds ?? .nan))
        }
        let bareMedian = bare.map(\.p50).median
        table.add("bare consumer, publish to delivery p50, µs", BudgetTable.format(bareMedian))
        table.add("bare consumer, publish to delivery p99, µs", BudgetTable.format(bare.map(\.p99).median))
        table.add("publish to handler p50", warren.map(\.p50).median, " µs", atMost: bareMedian + 150)
        table.add("publish to handler p99, µs", BudgetTable.format(warren.map(\.p99).median))
    }

    private func publish(_ count: Int, body: String) throws {
        _ = try self.surroundings.programs.report(
            "bare-publisher",
            [self.surroundings.url, "bench", Self.key, "\(count)", "1000", body, "--rate", "2000"]
        )
    }

    private func waitForConsumer() async throws {
        let surroundings = self.surroundings
        _ = try await poll(for: "the bare consumer", every: .milliseconds(20), within: .seconds(30)) {
            let inspection = try await surroundings.inspect(Self.queue)
            return (inspection?.consumers ?? 0) > 0 ? true : nil
        }
    }
}
