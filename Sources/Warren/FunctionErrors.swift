import Messaging

/// Thrown by a function to be run again on this event after a while.
///
/// This does not use up an attempt. How often it may happen to one event is bounded by the manifest's
/// `retry.maxDeferrals`; after that it counts as an ordinary error.
public struct RetryLater: Error, Sendable, Hashable, CustomStringConvertible {
    /// How long to wait at least. It is rounded up to 100 ms; a negative one counts as none.
    public let delay: Duration
    /// Why, for logs and headers. At most 8 KiB travel.
    public let reason: String

    /// Asks for another run of this event.
    ///
    /// - Parameters:
    ///   - delay: How long to wait at least.
    ///   - reason: Why, in words for whoever reads the logs.
    public init(after delay: Duration, reason: String) {
        self.delay = delay
        self.reason = reason
    }

    /// The reason and the delay in words.
    public var description: String { "\(self.reason) (again after \(self.delay.words))" }
}

/// Thrown by a function when running again on this event cannot help: the event goes to the dead letters at once.
public struct Rejected: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why, for logs and the dead letter's headers. At most 8 KiB travel.
    public let reason: String

    /// Rejects the event.
    ///
    /// - Parameter reason: Why, in words for whoever looks through the dead letters.
    public init(_ reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { self.reason }
}
