import Foundation
import PatientPolling

/// A running `warren run`, and the processes whose resource usage is measured.
struct HostUnderTest {
    let process: Process

    /// - Parameter arguments: arguments in addition to those that every host gets.
    init(_ surroundings: BenchContext, manifests: String, arguments: [String] = []) throws {
        self.process = try surroundings.programs.start(
            "warren",
            [
                "run", "--broker", surroundings.url, "--manifests", manifests, "--bundles",
                surroundings.programs.bundles, "--log-level", "error",
            ] + arguments
        )
    }

    var usage: ProcessUsage { ProcessUsage(pid: self.process.processIdentifier) }
    var workers: [ProcessUsage] { self.usage.children.map(ProcessUsage.init) }

    /// Waits until each queue has a consumer.
    func waitUntilConsuming(_ queues: [String], _ surroundings: BenchContext) async throws {
        for queue in queues {
            _ = try await poll(for: "a consumer of \(queue)", every: .milliseconds(20), within: .seconds(60)) {
                let inspection = try await surroundings.inspect(queue)
                return (inspection?.consumers ?? 0) > 0 ? true : nil
            }
        }
    }

    /// Waits until the host has done what it does at its start: half a second passes in which it needs at most 10 ms of
    /// CPU time, a tick of the clock that counts it.
    func waitUntilQuiet() async throws {
        var last = self.usage.cpuMicroseconds
        try await poll(for: "the host to come to rest", every: .milliseconds(500), within: .seconds(60)) {
            let now = self.usage.cpuMicroseconds
            defer { last = now }
            return now - last <= 10_000 ? () : nil
        }
    }

    /// Drains the host and waits until it has exited. Blocks.
    func stop() throws {
        self.process.terminate()
        self.process.waitUntilExit()
        guard self.process.terminationStatus == 0 else {
            throw BenchError("the host ended with exit code \(self.process.terminationStatus)")
        }
    }
}
