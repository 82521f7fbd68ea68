import Synchronization

/// How often something has happened, over all connections.
final class Tally: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// Counts once more.
    ///
    /// - Returns: how often it has happened by now.
    func count(_ what: String) -> Int {
        self.counts.withLock { counts in
            counts[what, default: 0] += 1
            return counts[what, default: 0]
        }
    }
}
