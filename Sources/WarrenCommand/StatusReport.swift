import Logging
import Manifests
import Processing

/// Logs the status of each function and webhook, and when everything that the host was started with is running.
final class StatusReport {
    private let logger: Logger
    private var expected: Set<String> = []
    private var running: Set<String> = []
    private var hasAnnounced = false

    init(logger: Logger) { self.logger = logger }

    /// Sets the names of the functions and webhooks that the host was started with.
    func expect(_ names: [String]) { self.expected = Set(names) }

    func set(_ status: ConsumerStatus, of manifest: ConsumerManifest) {
        let name = manifest.name
        let metadata: Logger.Metadata = [manifest.kind.word: "\(name)"]
        if status == .running { self.running.insert(name) } else { self.running.remove(name) }
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
