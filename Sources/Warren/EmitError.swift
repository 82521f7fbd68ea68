import Messaging

/// Why an event could not be emitted. Nothing was added to the outcome. If a function does not catch the error, its
/// invocation fails as with any other error.
public enum EmitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The key is empty.
    case emptyKey
    /// The key, type or content type has more than the 255 bytes that AMQP allows.
    case tooLong(field: String, bytes: Int)
    /// The payload has more than 16 MiB.
    case payloadTooLarge(bytes: Int)
    /// The delay is negative or longer than 310 days.
    case delayOutOfRange(Duration)
    /// More than 10,000 events, or more than 32 MiB of them, in one invocation.
    case tooMuch(events: Int, bytes: Int)
    /// The function has already returned or thrown. Emitted events are part of its outcome, so none can be added.
    case invocationEnded

    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .emptyKey:
            "emit: the key is empty; give the routing key of the event, such as order.placed"
        case .tooLong(let field, let bytes):
            "emit: the \(field) has \(bytes) bytes, and AMQP allows 255; shorten it"
        case .payloadTooLarge(let bytes):
            "emit: the payload has \(bytes) bytes, and 16 MiB are allowed; store it elsewhere and emit where it is"
        case .delayOutOfRange(let delay):
            "emit: the delay is \(delay.words), and 0 s to 310 d are allowed"
        case .tooMuch(let events, let bytes):
            """
            emit: this would make \(events) events with \(bytes) bytes in one invocation, and 10000 events with 32 MiB \
            are allowed; emit an event that goes on with the rest
            """
        case .invocationEnded:
            "emit: the invocation has ended; emit before the function returns, and await tasks that emit"
        }
    }
}
