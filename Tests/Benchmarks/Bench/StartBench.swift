import EventLoops
import Foundation
import Invoking
import Logging
import PatientPolling
import Processing
import Workers

/// Measures how long it takes until workers and functions run.
struct StartBench {
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    func measure(into table: inout BudgetTable) async throws {
        let spawns = try await self.spawns(20)
        table.add("worker, spawn to ready", spawns.median, " ms", atMost: 20)
        let starts = try await self.firstEvents(rounds: 3)
        table.add("20 functions, start to first event handled", starts.median, " ms", atMost: 300)
    }

    /// Milliseconds from starting a worker until it is ready. Workers are started one after the other.
    private func spawns(_ count: Int) async throws -> [Double] {
        let launch = WorkerLaunch(
            executable: "\(self.surroundings.programs.bundles)/bench-functions",
            function: "count-reading",
            environment: [:],
            concurrency: 16,
            workers: 1,
            timeout: .seconds(30)
        )
        var times: [Double] = []
        for _ in 0..<count {
            let time = await withCheckedContinuation { (continuation: CheckedContinuation<Double?, Never>) in
                do throws(SystemError) {
                    try LoopThread.start(named: "spawn") { continuation.resume(returning: Self.spawn(launch)) }
                } catch {
                    continuation.resume(returning: nil)
                }
            }
            guard let time else { throw BenchError("a worker could not be started") }
            times.append(time)
        }
        return times
    }

    private static func spawn(_ launch: WorkerLaunch) -> Double? {
        guard let loop = try? EventLoop() else { return nil }
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let pool = WorkerPool(launch: launch, loop: loop, clock: .system, logger: logger)
        let start = ContinuousClock.now
        var time: Double?
        pool.start { event in
            if case .ready = event { time = start.duration(to: .now) / .milliseconds(1) }
            pool.stop { loop.stop() }
        }
        loop.run()
        return time
    }

    /// Milliseconds from starting the host, with 20 functions whose queues already exist, until a waiting event has
    /// been handled.
    private func firstEvents(rounds: Int) async throws -> [Double] {
        let output = "\(self.surroundings.directory.path)/first"
        let names = (1...20).map { "mark-first-\($0)" }
        let manifests = try self.surroundings.directory.manifests(
            names,
            handler: "mark-first",
            key: "first.event",
            environment: ["BENCH_OUTPUT": output]
        )
        let queues = names.map { "warren.\($0)" }
        let first = try HostUnderTest(self.surroundings, manifests: manifests)
        try await first.waitUntilConsuming(queues, self.surroundings)
        try first.stop()
        var times: [Double] = []
        for _ in 0..<rounds {
            _ = try self.surroundings.programs.run(
                "warren",
                [
                    "publish", "first.event", "--exchange", "bench", "--broker", self.surroundings.url, "--data",
                    "1",
                ]
            )
            let start = ContinuousClock.now
            let host = try HostUnderTest(self.surroundings, manifests: manifests)
            let time = try await poll(for: "the first event", every: .milliseconds(1), within: .seconds(30)) {
                FileManager.default.fileExists(atPath: output) ? start.duration(to: .now) / .milliseconds(1) : nil
            }
            times.append(time)
            try host.stop()
            try? FileManager.default.removeItem(atPath: output)
        }
        return times
    }
}
