/// A function that handles several events at once, because that is cheaper than one by one: an insert of many rows, a
/// request that carries many items.
///
/// The manifest's `batch: { size, wait }` says how many events are collected and how long the first of them waits for
/// others; without it batches have one event.
///
/// ```swift
/// struct StoreReadings: BatchFunction {
///     func handle(_ batch: [BatchItem<Reading>]) async throws {
///         let refused = try await self.database.insert(batch.map { $0.event.payload })
///         for index in refused { batch[index].fail(Rejected("the reading is out of range")) }
///     }
/// }
/// ```
public protocol BatchFunction: Function {
    /// What each event's payload is decoded to, as for any ``Function``. Stated again so that it follows from `handle`.
    associatedtype Payload

    /// Handles a batch, which has at least one event. Returning means that every event is done with, except those that
    /// were given to ``BatchItem/fail(_:)``: these alone run again, or go to the dead letters.
    ///
    /// An event that cannot be decoded does not come here; it goes to the dead letters by itself. The manifest's
    /// `timeout` runs from when the batch begins. The task is cancelled then, and also when the host cancels one event
    /// of the batch.
    ///
    /// - Throws: What ``Function/handle(_:context:)`` may throw, with the same meaning, for every event of the batch
    ///   that was not given to ``BatchItem/fail(_:)`` before.
    @concurrent func handle(_ batch: [BatchItem<Payload>]) async throws
}

extension BatchFunction {
    /// Handles a batch of one event, for callers that have no more.
    @concurrent public func handle(_ event: Event<Payload>, context: FunctionContext) async throws {
        let item = BatchItem(event: event, context: context)
        do {
            try await self.handle([item])
        } catch {
            throw item.failure ?? error
        }
        if let failure = item.failure { throw failure }
    }
}

/// One event of a batch.
public struct BatchItem<Payload: Sendable>: Sendable {
    /// The event.
    public let event: Event<Payload>
    /// What the function knows and can do besides the event. What is emitted with it leaves if this event succeeds,
    /// whatever becomes of the others.
    public let context: FunctionContext

    package init(event: Event<Payload>, context: FunctionContext) {
        self.event = event
        self.context = context
    }

    /// Has this event fail, and no other of its batch.
    ///
    /// The first call counts, and also when the function throws afterwards. A call after the batch has ended does
    /// nothing.
    ///
    /// - Parameter error: ``RetryLater`` to run again after a while without using up an attempt, ``Rejected`` to send
    ///   the event to the dead letters at once, any other error to run again as the manifest's `retry` says.
    public func fail(_ error: any Error) { self.context.state.fail(error) }

    var failure: (any Error)? { self.context.state.failure }
}
