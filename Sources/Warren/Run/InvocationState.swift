package import FoundationEssentials
package import Logging
package import Messaging
import Synchronization
import WorkerProtocol

/// The state that one invocation collects while it runs, shared by all copies of its ``FunctionContext``.
package final class InvocationState: Sendable {
    let origin: EventOrigin
    let deadline: ContinuousClock.Instant
    let encoder: JSONEncoder
    private let makeLogger: LoggerFactory
    private let gathered = Mutex(Gathered())

    private struct Gathered {
        var emitted: [EmittedEvent] = []
        var bytes = 0
        var hasEnded = false
        var failure: (any Error)?
        var logger: Logger?
    }

    package init(
        _ origin: EventOrigin,
        deadline: ContinuousClock.Instant,
        encoder: JSONEncoder,
        makeLogger: @escaping LoggerFactory
    ) {
        self.origin = origin
        self.deadline = deadline
        self.encoder = encoder
        self.makeLogger = makeLogger
    }

    /// Created on first access, because most events are handled without logging.
    var logger: Logger {
        self.gathered.withLock { gathered in
            if let logger = gathered.logger { return logger }
            let logger = self.makeLogger(self.origin.received.invocation)
            gathered.logger = logger
            return logger
        }
    }

    /// Marks this event of a batch as failed. The first error counts; an error after the end of the invocation is
    /// ignored.
    func fail(_ error: any Error) {
        self.gathered.withLock { gathered in
            if !gathered.hasEnded, gathered.failure == nil { gathered.failure = error }
        }
    }

    /// The error that the function gave to ``BatchItem/fail(_:)``.
    var failure: (any Error)? { self.gathered.withLock { $0.failure } }

    /// Ends the invocation: returns the emitted events, and refuses further ones.
    package func end() -> [EmittedEvent] {
        self.gathered.withLock { gathered in
            gathered.hasEnded = true
            return gathered.emitted
        }
    }

    func emit(
        _ key: String,
        bytes: ArraySlice<UInt8>,
        contentType: String,
        type: String?,
        delay: Duration
    ) throws(EmitError) {
        guard !key.isEmpty else { throw .emptyKey }
        let type = type ?? key
        for (field, text) in [("key", key), ("type", type), ("content type", contentType)]
        where text.utf8.count > 255 {
            throw .tooLong(field: field, bytes: text.utf8.count)
        }
        guard bytes.count <= EmitLimits.payload else { throw .payloadTooLarge(bytes: bytes.count) }
        guard delay >= .zero, delay <= EmitLimits.delay else { throw .delayOutOfRange(delay) }
        let trace = self.origin.trace
        let event = EmittedEvent(
            key: key,
            type: type,
            contentType: contentType,
            payload: bytes,
            delay: delay,
            correlationID: self.origin.correlationID,
            causationID: self.origin.id,
            traceParent: trace.traceParent,
            traceState: trace.traceState
        )
        let size = bytes.count + event.attributesSize
        // `Mutex.withLock` does not pass on typed errors, so the error is returned.
        let problem: EmitError? = self.gathered.withLock { gathered in
            guard !gathered.hasEnded else { return .invocationEnded }
            let total = gathered.bytes + size
            guard gathered.emitted.count < EmitLimits.events, total <= EmitLimits.bytes else {
                return .tooMuch(events: gathered.emitted.count + 1, bytes: total)
            }
            gathered.bytes = total
            gathered.emitted.append(event)
            return nil
        }
        if let problem { throw problem }
    }
}

/// Creates the logger for the invocation with this number; 0 for none.
package typealias LoggerFactory = @Sendable (UInt64) -> Logger

extension EmittedEvent {
    /// Attributes count, too: ten thousand small events with long attributes would not fit into a frame either.
    fileprivate var attributesSize: Int {
        [self.key, self.type, self.contentType, self.correlationID, self.causationID]
            .reduce((self.traceParent?.utf8.count ?? 0) + (self.traceState?.utf8.count ?? 0)) { $0 + $1.utf8.count }
    }
}

/// How much one invocation may emit. Its result is a single frame of at most 64 MiB.
private enum EmitLimits {
    static let payload = BodyLimit.bytes
    static let events = 10_000
    static let bytes = 32 << 20
    /// The longest delay that 28 levels can express (2^28 × 100 ms), rounded down to whole days.
    static let delay = Duration.seconds(310 * 24 * 60 * 60)
}
