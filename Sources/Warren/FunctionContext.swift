import FoundationEssentials
public import Logging
import WorkerProtocol

/// Gives a function the attempt count, the deadline, a logger, and the means to emit events.
public struct FunctionContext: Sendable {
    let state: InvocationState

    package init(_ state: InvocationState) { self.state = state }

    /// The number of this attempt: 1 for the first. Runs that ended with ``RetryLater`` do not count.
    public var attempt: Int { Int(self.state.origin.received.run.attempt) }

    /// The number of attempts after which the event becomes a dead letter.
    public var maxAttempts: Int { Int(self.state.origin.received.run.maxAttempts) }

    /// The time at which the manifest's `timeout` ends and the task is cancelled.
    public var deadline: ContinuousClock.Instant { self.state.deadline }

    /// The time left until the deadline; zero after it.
    public var timeRemaining: Duration { max(.zero, ContinuousClock.now.duration(to: self.state.deadline)) }

    /// Logs to the host's log. The host adds the function, the event's id and the attempt to each line.
    public var logger: Logger { self.state.logger }

    /// The distributed trace that the event belongs to.
    public var trace: TraceContext { self.state.origin.trace }

    /// Emits an event with a JSON payload. The event is published if and when the invocation succeeds, before the
    /// handled event is acknowledged. If the function throws, no event is published.
    ///
    /// The event gets the handled event's correlation id, its id as causation id, and its trace context.
    ///
    /// - Parameters:
    ///   - key: The routing key, at most 255 bytes.
    ///   - payload: The payload, which is encoded now with the function's ``Function/encoder``.
    ///   - type: The event's type; the key when `nil`.
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

    /// Emits an event with a payload of any format. It is published as ``emit(_:_:type:delay:)`` describes.
    ///
    /// - Parameters:
    ///   - key: The routing key, at most 255 bytes.
    ///   - bytes: The payload, at most 16 MiB.
    ///   - contentType: The media type of the bytes, such as `text/csv`; at most 255 bytes.
    ///   - type: The event's type; the key when `nil`.
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
