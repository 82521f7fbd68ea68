package import EventLoops
package import Messaging

/// One run to make: an event and what the runtime knows of it.
package struct Invocation: Sendable {
    /// Chosen by the pipeline; outcomes name it.
    package let id: InvocationID
    package let delivery: Delivery
    package let attributes: EventAttributes
    /// The event's id when `attributes` do not have it, see `Delivery.eventIDBeside`.
    package let resolvedID: String?
    package let attempt: Int
    package let maxAttempts: Int
    /// Set when the message has come back from a delay and its own routing key says something else.
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
    /// Gets ready and reports through `handler`, on the loop's thread, from then on.
    func start(_ handler: @escaping (InvokerEvent) -> Void)

    /// Takes an invocation; it is on its way at the end of the loop's turn (`EventLoop.flushAtTurnEnd`). Its result is
    /// reported exactly once, whatever happens to whoever runs it.
    func invoke(_ invocation: Invocation)

    /// Takes back, by id, what was invoked and has not been handed to whoever runs it: it will have no result.
    func withdraw() -> [InvocationID]

    /// Tries again now what it has put off by itself: somebody asks for it.
    func reconsider()

    /// Ends when nothing runs any more: no invocations will follow. `completion` is called on the loop's thread.
    func stop(_ completion: @escaping () -> Void)
}

extension Invoker {
    package func reconsider() {}
}

/// What an invoker reports.
package enum InvokerEvent {
    /// Invocations may come.
    case ready
    /// Nothing can be run for the reason given, and these invocations were not: they go back to the queue. The
    /// invoker goes on trying and reports `ready` when it has succeeded.
    case unavailable(reason: String, notRun: [InvocationID])
    /// Whoever would run it has asked not to be given anything until then, or ever, and has not taken these
    /// invocations: they are run when it is `ready` again, or go back to the queue.
    case paused(reason: String, until: SteadyInstant?, notRun: [InvocationID])
    /// What runs the function has died over its work. What becomes of the invocations is reported by itself.
    case workerDied(reason: String)
    case results([InvocationResult])
}
