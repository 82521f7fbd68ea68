import Messaging

/// An error that a function throws to handle this event again later.
///
/// This does not use up an attempt. The manifest's `retry.maxDeferrals` limits how often it may happen to one event;
/// after that the event becomes a dead letter (`exhausted`).
public struct RetryLater: Error, Sendable, Hashable, CustomStringConvertible {
    /// The minimum wait. It is rounded up to 100 ms; a negative one counts as zero.
    public let delay: Duration
    /// The reason, for logs and headers. It is truncated to 8 KiB.
    public let reason: String

    /// Asks for another run of this event.
    ///
    /// - Parameters:
    ///   - delay: The minimum wait.
    ///   - reason: The reason, for people who read the logs.
    public init(after delay: Duration, reason: String) {
        self.delay = delay
        self.reason = reason
    }

    /// The reason and the delay in words.
    public var description: String { "\(self.reason) (again after \(self.delay.words))" }
}

/// An error that a function throws if handling this event again cannot help. The event becomes a dead letter at once.
public struct Rejected: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason, for logs and the dead letter's headers. It is truncated to 8 KiB.
    public let reason: String

    /// Rejects the event.
    ///
    /// - Parameter reason: The reason, for people who look through the dead letters.
    public init(_ reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { self.reason }
}
