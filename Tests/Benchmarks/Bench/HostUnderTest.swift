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

    /// Drains the host and waits until it has exited. Blocks.
    func stop() throws {
        self.process.terminate()
        self.process.waitUntilExit()
        guard self.process.terminationStatus == 0 else {
            throw BenchError("the host ended with exit code \(self.process.terminationStatus)")
        }
    }
}
