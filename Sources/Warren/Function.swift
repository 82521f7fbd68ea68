public import FoundationEssentials

/// Code that handles one kind of event.
///
/// A worker process creates one value of the type when it starts, and calls ``handle(_:context:)`` on it for every
/// event, many at the same time. So a function is `Sendable` and must protect its own shared state, such as clients and
/// caches.
///
/// ```swift
/// struct ReserveStock: Function {
///     func handle(_ event: Event<OrderPlaced>, context: FunctionContext) async throws {
///         try context.emit("stock.reserved", StockReserved(orderID: event.payload.orderID))
///     }
/// }
/// ```
public protocol Function: Sendable {
    /// The type that the event's payload is decoded to from JSON, or ``RawPayload`` for the bytes as they came.
    associatedtype Payload: Decodable & Sendable

    /// The name by which manifests refer to the function, after that of its bundle: `handler: orders/reserve-stock`.
    ///
    /// By default this is the type's name in kebab case: `ReserveStock` becomes `reserve-stock`, `HTTPCall` becomes
    /// `http-call`. A name consists of letters, digits, `.`, `_` and `-`, at most 120.
    static var name: String { get }

    /// The decoder for the JSON payloads of this function's events. Read once, when the worker starts.
    ///
    /// By default dates are ISO 8601, with or without a fraction of a second.
    static var decoder: JSONDecoder { get }

    /// The encoder for the JSON payloads that this function emits. Read once, when the worker starts.
    ///
    /// By default dates are ISO 8601 in UTC, to the millisecond.
    static var encoder: JSONEncoder { get }

    /// Creates the function, once for each worker. Open clients here.
    ///
    /// - Throws: Any error. The worker then reports it to the host and exits, and the host starts a worker again after
    ///   a pause.
    init() async throws

    /// Handles one event. Returning means that the event is done.
    ///
    /// The same event can arrive more than once, for example after a crash between handling and acknowledgement, each
    /// time with the same ``Event/id``. At the deadline the task is cancelled. If the function still returns, the event
    /// is done; if it throws, the invocation has timed out. <doc:RetriesDelaysAndDeadLetters> describes time limits.
    ///
    /// - Throws: ``RetryLater`` to run again after a while without using up an attempt, ``Rejected`` to send the event
    ///   to the dead letters at once, any other error to run again as the manifest's `retry` says.
    @concurrent func handle(_ event: Event<Payload>, context: FunctionContext) async throws
}

extension Function {
    public static var name: String { FunctionName.kebabCase(String(describing: Self.self)) }
    public static var decoder: JSONDecoder { .warren }
    public static var encoder: JSONEncoder { .warren }
}
