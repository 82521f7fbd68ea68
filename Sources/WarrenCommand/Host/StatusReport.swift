import Deployments
import Logging
import Manifests
import Processing

/// Logs the status of each consumer, and when every consumer that the host was started with is running.
final class StatusReport {
    private let logger: Logger
    private let namespace: String
    private var expected: Set<String> = []
    private var counts: Logger.Metadata = [:]
    private var running: Set<String> = []
    private var hasAnnounced = false

    init(namespace: String, logger: Logger) {
        self.namespace = namespace
        self.logger = logger
    }

    /// Sets the consumers that the host was started with.
    func expect(_ manifests: [ResolvedManifest]) {
        self.expected = Set(manifests.flatMap(\.consumers).map(\.manifest.label))
        self.counts = Self.counts(of: manifests.map(\.manifest))
    }

    /// How many manifests there are of each kind.
    static func counts(of manifests: [Manifest]) -> Logger.Metadata {
        var counts: Logger.Metadata = [:]
        for kind in ManifestKind.allCases {
            counts["\(kind.word)s"] = "\(manifests.count { $0.kind == kind })"
        }
        return counts
    }

    func set(_ status: ConsumerStatus, of manifest: ConsumerManifest) {
        let label = manifest.label
        let metadata: Logger.Metadata = [manifest.kind.word: "\(label)"]
        if status == .running { self.running.insert(label) } else { self.running.remove(label) }
        switch status {
        case .running:
            self.logger.info("running", metadata: metadata)
            if !self.hasAnnounced, self.running.isSuperset(of: self.expected) {
                self.hasAnnounced = true
                self.logger.info("all functions are running", metadata: self.counts)
            }
        case .degraded(let reason):
            self.logger.warning("degraded", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .paused(let reason):
            self.logger.warning("paused", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .unhealthy(let reason):
            self.logger.error("unhealthy", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .stopped:
            // While a consumer moves to another queue there are two of this name.
            let queue = manifest.queueName(namespace: self.namespace)
            self.logger.info("stopped", metadata: metadata.merging(["queue": "\(queue)"]) { $1 })
        case .starting, .draining:
            self.logger.debug("status changed", metadata: metadata.merging(["status": "\(status)"]) { $1 })
        }
    }
}
