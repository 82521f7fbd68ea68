import Foundation
import PatientPolling

/// Measures a function beside one that misbehaves in the same host: the 99th percentile of the time from publish to
/// handler with the fault, as a ratio to the one without. Both are measured alternately, because the machine's speed
/// changes over time.
struct NeighbourBench {
    private static let faults = ["crash", "hang", "flood", "memory"]
    private static let rate = 500
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    func measure(into table: inout BudgetTable) async throws {
        var quiet: [Double] = []
        var disturbed: [Double] = []
        // The broker is still busy with earlier work, so the first figure is discarded.
        _ = try await self.percentile(beside: nil)
        for fault in Self.faults {
            quiet.append(try await self.percentile(beside: nil))
            disturbed.append(try await self.percentile(beside: fault))
        }
        quiet.append(try await self.percentile(beside: nil))
        table.add("neighbour alone, publish to handler p99, µs", BudgetTable.format(quiet.median))
        for (fault, disturbed) in zip(Self.faults, disturbed) {
            table.add("beside one that does harm by \(fault), p99, ratio", disturbed / quiet.median, "", atMost: 2)
        }
    }

    private func percentile(beside fault: String?) async throws -> Double {
        let name = "neighbour-\(fault ?? "alone")"
        let output = "\(self.surroundings.directory.path)/\(name)"
        try? FileManager.default.removeItem(atPath: output)
        let count = Self.rate * self.surroundings.options.neighbourSeconds
        let manifests = try self.surroundings.directory.manifests(
            [name],
            handler: "measure-latency",
            key: name,
            environment: ["BENCH_OUTPUT": output, "BENCH_COUNT": "\(count)"]
        )
        if let fault { try self.addMisbehaving(fault, to: manifests) }
        let host = try HostUnderTest(self.surroundings, manifests: manifests)
        let queues = ["warren.\(name)"] + (fault.map { ["warren.harm-\($0)"] } ?? [])
        try await host.waitUntilConsuming(queues, self.surroundings)
        let body = self.surroundings.directory.body
        if let fault { try self.publish("harm-\(fault)", 200, "100", body, rate: nil) }
        try self.publish(name, count, "100", body, rate: Self.rate)
        let lines = try await poll(for: "the neighbour", every: .milliseconds(20), within: .seconds(60)) {
            try? String(contentsOfFile: output, encoding: .utf8)
        }
        // The misbehaving function may not end in time.
        kill(host.process.processIdentifier, SIGKILL)
        host.process.waitUntilExit()
        return lines.split(separator: "\n").compactMap { Double($0) }.map { $0 / 1000 }.percentile(0.99)
    }

    private func publish(_ key: String, _ count: Int, _ window: String, _ body: String, rate: Int?) throws {
        let pace = rate.map { ["--rate", "\($0)"] } ?? []
        _ = try self.surroundings.programs.report(
            "bare-publisher",
            [self.surroundings.url, "bench", key, "\(count)", window, body] + pace
        )
    }

    private func addMisbehaving(_ fault: String, to directory: String) throws {
        let text = """
            apiVersion: warren/v1
            kind: Function
            name: harm-\(fault)
            handler: bench-functions/misbehave
            events: { exchange: bench, keys: [harm-\(fault)] }
            concurrency: 4
            timeout: 500ms
            timeoutGrace: 100ms
            retry: { maxAttempts: 1000, backoff: { initial: 100ms, max: 100ms } }
            limits: { memory: 128MiB }
            env: { BENCH_FAULT: \(fault) }
            """
        try text.write(toFile: "\(directory)/harm.yaml", atomically: true, encoding: .utf8)
    }
}
