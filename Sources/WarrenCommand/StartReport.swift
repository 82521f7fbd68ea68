import Logging
import Processing

/// Tells the operator what becomes of each function, and when all of them run.
final class StartReport {
    private let expected: Int
    private let logger: Logger
    private var running: Set<String> = []
    private var hasAnnounced = false

    init(expected: Int, logger: Logger) {
        self.expected = expected
        self.logger = logger
    }

    func set(_ status: FunctionStatus, of function: String) {
        let metadata: Logger.Metadata = ["function": "\(function)"]
        switch status {
        case .running:
            self.running.insert(function)
            self.logger.info("running", metadata: metadata)
            if self.running.count == self.expected, !self.hasAnnounced {
                self.hasAnnounced = true
                self.logger.info("all functions are running", metadata: ["functions": "\(self.expected)"])
            }
        case .unhealthy(let reason):
            self.running.remove(function)
            self.logger.error("unhealthy", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
        case .starting, .draining, .stopped:
            self.running.remove(function)
            self.logger.debug("status changed", metadata: metadata.merging(["status": "\(status)"]) { $1 })
        }
    }
}
