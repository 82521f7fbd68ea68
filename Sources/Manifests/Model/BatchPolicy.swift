/// How many events one invocation of a batch function takes.
package struct BatchPolicy: Sendable, Hashable {
    /// The bounds of `batch.size`.
    package static let allowedSize = 1...1000
    /// The longest `batch.wait`; it must also be shorter than the manifest's `timeout`.
    package static let longestWait = Duration.seconds(60)

    /// The longest `timeout` of a function that takes batches: an event may have to wait for the previous batch to end,
    /// so the host may hold it unsettled for twice that time and more.
    package static let longestTimeout = Duration.seconds(600)

    /// The most events in one invocation.
    package var size: Int
    /// How long the first event of a batch waits for others; a full batch starts at once.
    package var wait: Duration

    package init(size: Int, wait: Duration = .milliseconds(100)) {
        self.size = size
        self.wait = wait
    }
}
