/// How an invocation ended. A closed set: what follows from each is decided in one place, `Processing.decide`.
package enum Outcome: Sendable, Equatable {
    /// The function returned. What it emitted leaves before the event is acknowledged.
    case done(emitted: [EmittedEvent])
    /// The event is not for this consumer, so it was not run: it is acknowledged as it is. It says nothing about the
    /// health of the function.
    case skipped
    /// The function threw: run again by the retry policy.
    case failed(Failure)
    /// The function said that running it again will not help.
    case rejected(Failure)
    /// The event is not what the function's payload type expects: running it again cannot help.
    case undecodable(Failure)
    /// The function asked to be run later; this does not burn an attempt.
    case later(after: Duration, Failure)
    /// The function did not end in time and was cancelled.
    case timedOut(Failure)
    /// The worker process died while it ran this event, and no other event can have been the cause.
    case crashed(Failure)
}

extension Outcome {
    /// An outcome without what belongs to it, under its one word for metrics and people.
    package enum Kind: String, Sendable, CaseIterable {
        case done
        case skipped
        case failed
        case rejected
        case undecodable
        case later
        case timedOut = "timed-out"
        case crashed
    }

    package var kind: Kind {
        switch self {
        case .done: .done
        case .skipped: .skipped
        case .failed: .failed
        case .rejected: .rejected
        case .undecodable: .undecodable
        case .later: .later
        case .timedOut: .timedOut
        case .crashed: .crashed
        }
    }

    /// One word, for metrics and people.
    package var name: String { self.kind.rawValue }
}

/// Why an invocation did not succeed.
package struct Failure: Sendable, Equatable {
    /// The longest message that travels, in bytes: of a worker's answer, of its last words, and of a header.
    package static let longestMessage = 8 << 10

    /// The name of the error's type, for grouping.
    package let type: String
    /// The error's own words. They are cut to `longestMessage` when they travel.
    package let message: String
    /// What the endpoint of a webhook said; nothing for a function.
    package let answer: EndpointAnswer?

    package init(type: String, message: String, answer: EndpointAnswer? = nil) {
        self.type = type
        self.message = message
        self.answer = answer
    }
}

extension Failure {
    /// What every invocation that did not end in time begins its failure with, however it came to its end.
    ///
    /// - Parameter timeout: the time that it had.
    package static func overdue(_ timeout: Duration) -> String { "did not end within \(timeout.words)" }

    /// The type of a failure whose cause is the clock alone.
    package static let overdueType = "TimedOut"
}

/// What an HTTP endpoint did with a delivery that it did not take: evidence for the person who looks at the dead
/// letter.
package struct EndpointAnswer: Sendable, Equatable {
    /// The longest part of a body that is kept, in bytes.
    package static let longestExcerpt = 2 << 10

    /// Nothing when there was no answer.
    package let status: Int?
    package let milliseconds: Int64
    /// The first bytes of the body as text, without the webhook's secrets; bytes that are not UTF-8 became U+FFFD.
    package let excerpt: String

    package init(status: Int?, milliseconds: Int64, excerpt: String) {
        self.status = status
        self.milliseconds = milliseconds
        self.excerpt = excerpt.prefix(bytes: Self.longestExcerpt)
    }
}

/// An event that a function emitted. It leaves only if the invocation succeeds.
package struct EmittedEvent: Sendable, Equatable {
    package var key: String
    package var type: String
    package var contentType: String
    package var payload: ArraySlice<UInt8>
    /// Zero for at once.
    package var delay: Duration
    package var correlationID: String
    package var causationID: String
    package var traceParent: String?
    package var traceState: String?

    package init(
        key: String,
        type: String,
        contentType: String,
        payload: ArraySlice<UInt8>,
        delay: Duration,
        correlationID: String,
        causationID: String,
        traceParent: String?,
        traceState: String?
    ) {
        self.key = key
        self.type = type
        self.contentType = contentType
        self.payload = payload
        self.delay = delay
        self.correlationID = correlationID
        self.causationID = causationID
        self.traceParent = traceParent
        self.traceState = traceState
    }
}
