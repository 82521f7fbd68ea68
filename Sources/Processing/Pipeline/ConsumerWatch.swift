import Messaging

/// Compares a consumer with the broker's own view of its queue: one that is silently dead is never reported by anybody.
/// Two looks in a row must find it suspicious, so that a moment between two states is not mistaken for death.
struct ConsumerWatch: Hashable {
    private static let suspiciousLooks = 2

    private var hasProgressed = true
    private(set) var suspicions = 0

    /// Something was delivered.
    mutating func progressed() {
        self.hasProgressed = true
        self.suspicions = 0
    }

    /// - Parameters:
    ///   - isActive: this host believes that the broker delivers to it.
    ///   - mustProgress: there is room for events, and nothing else explains why none comes.
    /// - Returns: why the consumer counts as dead, in words; nil when it does not, or not yet.
    mutating func judge(_ inspection: QueueInspection, isActive: Bool, mustProgress: Bool) -> String? {
        guard !inspection.isUnknown else {
            self.suspicions = 0
            return nil
        }
        defer { self.hasProgressed = false }
        let reason: String
        if isActive, inspection.consumers == 0 {
            reason = "the broker knows no consumer of the queue"
        } else if isActive, mustProgress, inspection.readyMessages > 0, !self.hasProgressed {
            reason = "\(inspection.readyMessages) events wait in the queue and none is delivered"
        } else {
            self.suspicions = 0
            return nil
        }
        self.suspicions += 1
        guard self.suspicions >= Self.suspiciousLooks else { return nil }
        self.suspicions = 0
        return reason
    }
}
