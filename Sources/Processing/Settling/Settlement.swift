package import Messaging

/// What the host does with a message. A closed set; the `Settler` carries it out.
package enum Settlement: Sendable, Equatable {
    /// Done: the emitted events leave first, then the message is acknowledged.
    case acknowledge(emitting: [EmittedEvent])
    /// A copy with this history goes through the delay levels back to the queue that failed.
    case retry(after: Duration, AttemptHistory, Failure)
    /// A copy with the reason goes to the queue's dead-letter queue.
    case deadLetter(DeadReason, AttemptHistory, Failure)
}

/// Names a settlement under way within its pipeline.
struct SettlementID: Hashable, Comparable, Sendable {
    let number: UInt64

    static func < (one: SettlementID, other: SettlementID) -> Bool { one.number < other.number }
}

/// Why a message is in a dead-letter queue: the header `warren-dead-reason`.
package enum DeadReason: String, Sendable, CaseIterable {
    /// Every attempt failed, or it was put off too often.
    case exhausted
    /// The function said that running it again will not help.
    case rejected
    /// It is not what the function's payload type expects.
    case undecodable
    /// The last attempt did not end in time.
    case timedOut = "timed-out"
    /// The last attempt killed its worker.
    case crashed
    /// Its time to live was over.
    case expired
}

/// What has happened to an event so far: it travels in the message itself and is the same over all hosts.
package struct AttemptHistory: Sendable, Hashable {
    /// The attempt under way; 1 for the first run.
    package var attempt: Int
    /// How often the function asked for later. Deferrals burn no attempt.
    package var deferrals: Int
    /// Milliseconds since 1970; nil as long as nothing has failed.
    package var firstFailedAt: Int64?

    package init(attempt: Int = 1, deferrals: Int = 0, firstFailedAt: Int64? = nil) {
        self.attempt = attempt
        self.deferrals = deferrals
        self.firstFailedAt = firstFailedAt
    }
}
