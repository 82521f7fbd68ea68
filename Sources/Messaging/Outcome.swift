/// How an invocation ended. A closed set: `decide` in `Processing` is the only place that decides what follows from
/// each.
package enum Outcome: Sendable, Equatable {
    /// The function returned. The events that it emitted are published before its own event is acknowledged.
    case done(emitted: [EmittedEvent])
    /// The event is not for this consumer, so it was not run and is acknowledged. This says nothing about the health of
    /// the function.
    case skipped
    /// The function threw: it runs again according to the retry policy.
    case failed(Failure)
    /// The function said that running it again will not help.
    case rejected(Failure)
    /// The event is not what the function's payload type expects: running it again cannot help.
    case undecodable(Failure)
    /// The function asked to run later; this does not use up an attempt.
    case later(after: Duration, Failure)
    /// The function did not end in time and was cancelled.
    case timedOut(Failure)
    /// The worker process died while it ran this event, and no other event can have caused that.
    case crashed(Failure)
}

extension Outcome {
    /// An outcome without its details, as one word for metrics and people.
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
    /// The longest message that is passed on, in bytes: in a worker's answer, in its last output, and in a header.
    package static let longestMessage = 8 << 10

    /// The name of the error's type, for grouping.
    package let type: String
    /// The error's own description. It is cut to `longestMessage` when it is passed on.
    package let message: String
    /// What the endpoint of a webhook answered; `nil` for a function.
    package let answer: EndpointAnswer?

    package init(type: String, message: String, answer: EndpointAnswer? = nil) {
        self.type = type
        self.message = message
        self.answer = answer
    }
}

extension Failure {
    /// The beginning of the failure message of every invocation that did not end in time, however it ended.
    ///
    /// - Parameter timeout: the time that the invocation had.
    package static func overdue(_ timeout: Duration) -> String { "did not end within \(timeout.words)" }

    /// The type of a failure that the timeout alone has caused.
    package static let overdueType = "TimedOut"
}

/// The answer of an HTTP endpoint that did not accept a delivery: evidence for the person who looks at the dead letter.
package struct EndpointAnswer: Sendable, Equatable {
    /// The longest part of a body that is kept, in bytes.
    package static let longestExcerpt = 2 << 10

    /// The HTTP status; `nil` when there was no answer.
    package let status: Int?
    package let milliseconds: Int64
    /// The first bytes of the body as text, without the webhook's secrets; bytes that are not UTF-8 have become U+FFFD.
    package let excerpt: String

    package init(status: Int?, milliseconds: Int64, excerpt: String) {
        self.status = status
        self.milliseconds = milliseconds
        self.excerpt = excerpt.prefix(bytes: Self.longestExcerpt)
    }
}

/// An event that a function emitted. It is published only if the invocation succeeds.
package struct EmittedEvent: Sendable, Equatable {
    package var key: String
    package var type: String
    package var contentType: String
    package var payload: ArraySlice<UInt8>
    /// How long to wait before it is delivered; zero for no delay.
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
