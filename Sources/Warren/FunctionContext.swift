import FoundationEssentials
public import Logging
import WorkerProtocol

/// What a function knows and can do besides its event: attempts, the deadline, a logger, and emitting events.
public struct FunctionContext: Sendable {
    let state: InvocationState

    package init(_ state: InvocationState) { self.state = state }

    /// The number of this attempt on the event: 1 for the first. Runs that ended with ``RetryLater`` do not count.
    public var attempt: Int { Int(self.state.origin.received.run.attempt) }

    /// The number of attempts after which the event goes to the dead letters.
    public var maxAttempts: Int { Int(self.state.origin.received.run.maxAttempts) }

    /// When the manifest's `timeout` is over and the task is cancelled.
    public var deadline: ContinuousClock.Instant { self.state.deadline }

    /// What is left until the deadline; zero when it has passed.
    public var timeRemaining: Duration { max(.zero, ContinuousClock.now.duration(to: self.state.deadline)) }

    /// Writes to the host's log; the host adds function, event id and attempt to each line.
    public var logger: Logger { self.state.logger }

    /// The trace that the event belongs to.
    public var trace: TraceContext { self.state.origin.trace }

    /// Emits an event with a JSON payload. It leaves if and when the invocation succeeds, before the handled event is
    /// acknowledged; nothing leaves when the function throws.
    ///
    /// The event gets the handled event's correlation id, its id as causation id, and its trace context.
    ///
    /// - Parameters:
    ///   - key: The routing key, at most 255 bytes.
    ///   - payload: Encoded with the function's ``Function/encoder`` now.
    ///   - type: The event's type; the key when nil.
    ///   - delay: How long the event waits in the broker first, up to 310 days.
    /// - Throws: ``EmitError``, or the encoder's error.
    public func emit(
        _ key: String,
        _ payload: some Encodable & Sendable,
        type: String? = nil,
        delay: Duration = .zero
    ) throws {
        let data = try self.state.encoder.encode(payload)
        try self.state.emit(
            key,
            bytes: ArraySlice([UInt8](data)),
            contentType: "application/json",
            type: type,
            delay: delay
        )
    }

    /// Emits an event with a payload of any form. It leaves as ``emit(_:_:type:delay:)`` describes.
    ///
    /// - Parameters:
    ///   - key: The routing key, at most 255 bytes.
    ///   - bytes: The payload, at most 16 MiB.
    ///   - contentType: What the bytes are, such as `text/csv`; at most 255 bytes.
    ///   - type: The event's type; the key when nil.
    ///   - delay: How long the event waits in the broker first, up to 310 days.
    /// - Throws: ``EmitError``.
    public func emit(
        _ key: String,
        bytes: some Sequence<UInt8>,
        contentType: String,
        type: String? = nil,
        delay: Duration = .zero
    ) throws(EmitError) {
        try self.state.emit(
            key,
            bytes: ArraySlice([UInt8](bytes)),
            contentType: contentType,
            type: type,
            delay: delay
        )
    }
}
