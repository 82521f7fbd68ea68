public import FoundationEssentials

/// Code that handles one kind of event.
///
/// A worker process makes one value of the type when it starts and calls ``handle(_:context:)`` on it for every event,
/// many at the same time, so a function is `Sendable` and keeps what it shares (clients, caches) safe itself.
///
/// ```swift
/// struct ReserveStock: Function {
///     func handle(_ event: Event<OrderPlaced>, context: FunctionContext) async throws {
///         try context.emit("stock.reserved", StockReserved(orderID: event.payload.orderID))
///     }
/// }
/// ```
public protocol Function: Sendable {
    /// What the event's payload is decoded to from JSON, or ``RawPayload`` for the bytes as they came.
    associatedtype Payload: Decodable & Sendable

    /// The name under which manifests refer to the function, after its bundle's: `handler: orders/reserve-stock`.
    ///
    /// By default the type's name in kebab case: `ReserveStock` becomes `reserve-stock`, `HTTPCall` becomes
    /// `http-call`. Letters, digits, `.`, `_` and `-`, at most 120.
    static var name: String { get }

    /// Reads the JSON of this function's events. Asked for once, when the worker starts.
    ///
    /// By default dates are ISO 8601, with or without a fraction of a second.
    static var decoder: JSONDecoder { get }

    /// Writes the JSON of the events that this function emits. Asked for once, when the worker starts.
    ///
    /// By default dates are ISO 8601 in UTC, to the millisecond.
    static var encoder: JSONEncoder { get }

    /// Makes the function ready, once for each worker: open clients here.
    ///
    /// - Throws: Any error; the worker then tells the host why and exits, and the host starts it again after a while.
    init() async throws

    /// Handles one event. Returning means that the event is done with.
    ///
    /// The same event can come more than once (after a crash between handling and acknowledgement, for example), each
    /// time with the same ``Event/id``. At the deadline the task is cancelled; an invocation that returns all the same
    /// counts as done, one that throws then counts as timed out.
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
