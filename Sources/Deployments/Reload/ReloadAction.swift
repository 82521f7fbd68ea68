/// What the host does next, in the order in which it is given.
package enum ReloadAction: Sendable, Equatable {
    /// Start the function. It counts as running from now on, whether it can run or not; the version may have an
    /// `obstacle`, which the function's status then shows. Nothing is confirmed.
    case add(ConsumerKey, ResolvedManifest, revision: Int)
    /// Start workers of this version beside the running ones and switch over when they are ready. It takes the place
    /// of a change of the same function that is still under way. The version has no `obstacle`. Confirmed by
    /// `switched` or `rejected`.
    case change(ConsumerKey, ResolvedManifest, revision: Int)
    /// Drop the change under way: the running version goes on. Nothing is confirmed.
    case cancelChange(ConsumerKey)
    /// Drain the function and end it. Confirmed by `removed`.
    case remove(ConsumerKey, RemovedHow)
    /// Tell the operator.
    case report(ReloadReport)
}

/// Why a function goes.
package enum RemovedHow: Sendable, Equatable {
    /// No manifest has its name any more.
    case manifestGone
    /// Its manifest names another queue, which a function of the same name consumes from now on. It goes when that
    /// queue is there and its own is empty.
    case queueChanged(to: String)
}
