package import Manifests

/// Spreads deliveries evenly over the time, as a webhook's `rate` says. A value without a clock.
///
/// Source: the generic cell rate algorithm (ITU-T I.371), with a tolerance of what timers miss.
package struct Pacing: Sendable, Equatable {
    /// What may be made up for at once: a timer is late by a few milliseconds, and the rate should still be reached.
    static let tolerance = Duration.milliseconds(20)

    private let interval: Duration
    /// When the next delivery is due by the rate alone.
    private var due: ContinuousClock.Instant?

    package init(_ rate: DeliveryRate) { self.interval = rate.interval }

    /// How long the next delivery has to wait; nothing when it may begin now. Nothing is counted.
    package func wait(at now: ContinuousClock.Instant) -> Duration? {
        var copy = self
        return copy.take(at: now)
    }

    /// How long the next delivery has to wait; nothing, and counted, when it may begin now.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let due = self.due ?? now
        // A timer is never early, so waiting ends where what is made up for begins.
        guard due <= now + Self.tolerance else { return now.duration(to: due) - Self.tolerance }
        self.due = max(due, now) + self.interval
        return nil
    }
}
