/// When a healthy worker is replaced, as a precaution against slow leaks: at whichever limit comes first. A limit that
/// is absent does not apply. A worker ends between events, never in the middle of one.
package struct RecyclePolicy: Sendable, Hashable {
    /// The bounds of `recycle.afterEvents`.
    package static let allowedEvents = 1...1_000_000_000
    /// The bounds of `recycle.afterTime`.
    package static let allowedTime = Duration.seconds(1)...Duration.seconds(30 * 86_400)

    /// The number of events that one worker process handles, before jitter.
    package var afterEvents: Int?
    /// How long one worker process lives, before jitter.
    package var afterTime: Duration?

    package init(afterEvents: Int? = nil, afterTime: Duration? = nil) {
        self.afterEvents = afterEvents
        self.afterTime = afterTime
    }
}
