/// What the host does next, in the order in which it is given.
package enum ReloadAction: Sendable, Equatable {
    /// Start the consumer. It counts as running from now on, whether it can run or not; the version may have an
    /// `obstacle`, which the consumer's status then shows. Nothing is confirmed.
    case add(ConsumerKey, ResolvedConsumer, revision: Int)
    /// Start workers of this version beside the running ones and switch over when they are ready. It takes the place
    /// of a change of the same consumer that is still under way. The version has no `obstacle`. Confirmed by
    /// `switched` or `rejected`.
    case change(ConsumerKey, ResolvedConsumer, revision: Int)
    /// Drop the change under way: the running version goes on. Nothing is confirmed.
    case cancelChange(ConsumerKey)
    /// Drain the consumer and end it. Confirmed by `removed`.
    case remove(ConsumerKey, RemovedHow)
    /// Tell the operator.
    case report(ReloadReport)
}

/// When a consumer goes.
package enum RemovedHow: Sendable, Equatable {
    /// Its manifest is gone, or wants its queue for another partition, which waits for the queue to become free.
    case atOnce
    /// Its manifest asks for other queues instead of its own: when those are there and its own is empty.
    case whenReplaced(by: [ConsumerKey])
}
