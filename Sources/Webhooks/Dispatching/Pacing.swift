package import Manifests

/// Spreads deliveries evenly over time, as a webhook's `rate` asks. A value without a clock.
///
/// Source: the generic cell rate algorithm (ITU-T I.371), with a tolerance for late timers.
package struct Pacing: Sendable, Equatable {
    /// How much lateness is made up for: a timer fires a few milliseconds late, and the rate should still be reached.
    static let tolerance = Duration.milliseconds(20)

    private let interval: Duration
    /// When the next delivery is due according to the rate, without the tolerance.
    private var due: ContinuousClock.Instant?

    package init(_ rate: DeliveryRate) { self.interval = rate.interval }

    /// Returns how long the next delivery must wait; `nil` if it may begin now. Does not count a delivery.
    package func wait(at now: ContinuousClock.Instant) -> Duration? {
        var copy = self
        return copy.take(at: now)
    }

    /// Returns how long the next delivery must wait. If it may begin now, counts it and returns `nil`.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let due = self.due ?? now
        // A timer never fires early, so the wait ends where the tolerance begins.
        guard due <= now + Self.tolerance else { return now.duration(to: due) - Self.tolerance }
        self.due = max(due, now) + self.interval
        return nil
    }
}
