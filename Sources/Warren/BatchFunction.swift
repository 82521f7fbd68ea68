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

    /// Handles a batch of at least one event. Returning means that every event is done, except those that were given to
    /// ``BatchItem/fail(_:)``: only these run again or become dead letters.
    ///
    /// An event that cannot be decoded is not part of a batch: it becomes a dead letter alone. The manifest's `timeout`
    /// runs from the moment when the batch begins. The task is cancelled then, and also if the host cancels one event
    /// of the batch. <doc:RetriesDelaysAndDeadLetters> describes time limits.
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
    /// The attempt count, the deadline and the logger for this event, and the way to emit events. What is emitted
    /// through it is published if this event succeeds, whatever becomes of the others.
    public let context: FunctionContext

    package init(event: Event<Payload>, context: FunctionContext) {
        self.event = event
        self.context = context
    }

    /// Marks this event as failed, and no other event of its batch.
    ///
    /// Only the first call for an event counts, and it counts even if the function throws afterwards. A call after the
    /// batch has ended has no effect.
    ///
    /// - Parameter error: ``RetryLater`` to run again after a while without using up an attempt, ``Rejected`` to send
    ///   the event to the dead letters at once, any other error to run again as the manifest's `retry` says.
    public func fail(_ error: any Error) { self.context.state.fail(error) }

    var failure: (any Error)? { self.context.state.failure }
}
