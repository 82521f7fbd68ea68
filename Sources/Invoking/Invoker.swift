package import EventLoops
package import Messaging

/// A request to run one event, and what the runtime knows about the event.
package struct Invocation: Sendable {
    /// Chosen by the pipeline; its result names it.
    package let id: InvocationID
    package let delivery: Delivery
    package let attributes: EventAttributes
    /// The event's ID when `attributes` do not have it, see `Delivery.eventIDOverride`.
    package let resolvedID: String?
    package let attempt: Int
    package let maxAttempts: Int
    /// The routing key of the event when it was published, set when the message has come back from a delay with another
    /// one.
    package let originalRoutingKey: String?

    package init(
        id: InvocationID,
        delivery: Delivery,
        attributes: EventAttributes,
        resolvedID: String?,
        attempt: Int,
        maxAttempts: Int,
        originalRoutingKey: String?
    ) {
        self.id = id
        self.delivery = delivery
        self.attributes = attributes
        self.resolvedID = resolvedID
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.originalRoutingKey = originalRoutingKey
    }

    /// The event's id, for people and logs.
    package var eventID: String { self.resolvedID ?? self.delivery.eventID(self.attributes) }
}

/// How an invocation ended.
package struct InvocationResult: Sendable, Equatable {
    package let id: InvocationID
    package let outcome: Outcome
    /// How long the function ran.
    package let nanoseconds: UInt64

    package init(id: InvocationID, outcome: Outcome, nanoseconds: UInt64) {
        self.id = id
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }
}

/// Runs invocations for one manifest, confined to the thread of one event loop: worker processes for a function, HTTP
/// requests for a webhook.
package protocol Invoker: AnyObject {
    /// Starts to get ready. From then on it reports through `handler`, on the loop's thread.
    func start(_ handler: @escaping (InvokerEvent) -> Void)

    /// Takes an invocation, which is sent to its worker or endpoint at the end of the loop's turn
    /// (`EventLoop.flushAtTurnEnd`). Its result is reported exactly once, whatever happens to the worker or endpoint.
    func invoke(_ invocation: Invocation)

    /// Takes back the invocations that were not yet given to a worker or endpoint, and returns their IDs: they will
    /// have no result.
    func withdraw() -> [InvocationID]

    /// Tries again now what the invoker has put off, because somebody has asked for it.
    func reconsider()

    /// Stops when nothing runs any more; no invocations may follow. `completion` is called on the loop's thread.
    func stop(_ completion: @escaping () -> Void)
}

extension Invoker {
    package func reconsider() {}
}

/// What an invoker reports.
package enum InvokerEvent {
    /// The invoker accepts invocations.
    case ready
    /// Nothing can be run, for the reason given, and these invocations were not run: they go back to the queue. The
    /// invoker goes on trying, and reports `ready` when it has succeeded.
    case unavailable(reason: String, notRun: [InvocationID])
    /// The endpoint has asked not to be given anything until then (`nil`: ever), and has not taken these invocations:
    /// they run when the invoker reports `ready` again, or go back to the queue.
    case paused(reason: String, until: SteadyInstant?, notRun: [InvocationID])
    /// A worker process has died while it was running events. The results of its invocations are reported separately.
    case workerDied(reason: String)
    case results([InvocationResult])
}
