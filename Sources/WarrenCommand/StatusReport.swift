import Logging
import Processing

/// Tells the operator what becomes of each function, and when all that the host was started with run.
final class StatusReport {
    private let logger: Logger
    private var expected: Set<String> = []
    private var running: Set<String> = []
    private var hasAnnounced = false

    init(logger: Logger) { self.logger = logger }

    /// The functions that the host was started with.
    func expect(_ functions: [String]) { self.expected = Set(functions) }

    func set(_ status: FunctionStatus, of function: String) {
        let metadata: Logger.Metadata = ["function": "\(function)"]
        if status == .running { self.running.insert(function) } else { self.running.remove(function) }
        switch status {
        case .running:
            self.logger.info("running", metadata: metadata)
            if !self.hasAnnounced, self.running.isSuperset(of: self.expected) {
                self.hasAnnounced = true
                self.logger.info("all functions are running", metadata: ["functions": "\(self.expected.count)"])
            }
        case .degraded(let reason):
            self.logger.warning("degraded", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .unhealthy(let reason):
            self.logger.error("unhealthy", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .stopped:
            self.logger.info("stopped", metadata: metadata)
        case .starting, .draining:
            self.logger.debug("status changed", metadata: metadata.merging(["status": "\(status)"]) { $1 })
        }
    }
}
