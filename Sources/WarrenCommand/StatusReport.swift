import Logging
import Manifests
import Processing

/// Logs the status of each consumer, and when every consumer that the host was started with is running.
final class StatusReport {
    private let logger: Logger
    private var expected: Set<String> = []
    private var running: Set<String> = []
    private var hasAnnounced = false

    init(logger: Logger) { self.logger = logger }

    /// Sets the labels of the consumers that the host was started with, see `ConsumerManifest.label`.
    func expect(_ labels: [String]) { self.expected = Set(labels) }

    func set(_ status: ConsumerStatus, of manifest: ConsumerManifest) {
        let label = manifest.label
        let metadata: Logger.Metadata = [manifest.kind.word: "\(label)"]
        if status == .running { self.running.insert(label) } else { self.running.remove(label) }
        switch status {
        case .running:
            self.logger.info("running", metadata: metadata)
            if !self.hasAnnounced, self.running.isSuperset(of: self.expected) {
                self.hasAnnounced = true
                self.logger.info("all functions are running", metadata: ["functions": "\(self.expected.count)"])
            }
        case .degraded(let reason):
            self.logger.warning("degraded", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .paused(let reason):
            self.logger.warning("paused", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .unhealthy(let reason):
            self.logger.error("unhealthy", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .stopped:
            self.logger.info("stopped", metadata: metadata)
        case .starting, .draining:
            self.logger.debug("status changed", metadata: metadata.merging(["status": "\(status)"]) { $1 })
        }
    }
}
