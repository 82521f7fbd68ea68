import Deployments
import Logging
import Manifests
import Processing

/// Logs the status of each consumer, when every consumer that the host was started with is running, and when those
/// that have lost the connection to the broker run again.
final class StatusReport {
    private let logger: Logger
    private let namespace: String
    private var expected: Set<String> = []
    private var counts: Logger.Metadata = [:]
    private var running: Set<String> = []
    private var disconnected: Set<String> = []
    /// How many of each kind run again since the connection was lost, as long as others do not.
    private var returned: [ManifestKind: Int] = [:]
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

    func set(_ status: ConsumerStatus, of manifest: ConsumerManifest) {
        let label = manifest.label
        let metadata: Logger.Metadata = [manifest.kind.word: "\(label)"]
        let wasDisconnected = self.disconnected.remove(label) != nil
        if status == .running { self.running.insert(label) } else { self.running.remove(label) }
        switch status {
        case .running:
            if wasDisconnected { self.returned[manifest.kind, default: 0] += 1 }
            self.logger.log(level: wasDisconnected ? .debug : .info, "running", metadata: metadata)
            self.announceStart()
        case .disconnected:
            // The log of the connection tells it, once for all consumers.
            self.disconnected.insert(label)
            self.logger.debug("disconnected", metadata: metadata)
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
        self.announceReturn()
    }

    private func announceStart() {
        guard !self.hasAnnounced, self.running.isSuperset(of: self.expected) else { return }
        self.hasAnnounced = true
        self.logger.info("all functions are running", metadata: self.counts)
    }

    /// Whoever does not run again after the connection was lost says why itself.
    private func announceReturn() {
        guard self.disconnected.isEmpty, !self.returned.isEmpty else { return }
        self.logger.notice("running again", metadata: Self.metadata(self.returned))
        self.returned.removeAll()
    }

    /// How many manifests there are of each kind.
    static func counts(of manifests: [Manifest]) -> Logger.Metadata {
        self.metadata(Dictionary(grouping: manifests, by: \.kind).mapValues(\.count))
    }

    private static func metadata(_ counts: [ManifestKind: Int]) -> Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        for kind in ManifestKind.allCases { metadata["\(kind.word)s"] = "\(counts[kind] ?? 0)" }
        return metadata
    }
}
