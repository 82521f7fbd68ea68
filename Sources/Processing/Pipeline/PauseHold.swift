import EventLoops

/// Whether what an endpoint has not taken stays here, unacknowledged, because it asked for a short pause. It goes first
/// when the pause is over. Handed back to the queue in every short pause, events would come to the broker's delivery
/// limit within hours: up to RabbitMQ 4.2 every hand-back counts.
///
/// A value without a clock.
struct PauseHold: Hashable {
    /// In a longer pause everything goes back: another host may be able to run it.
    static let longestPause = Duration.seconds(30)
    /// How long deliveries may be kept through pauses in a row. The broker takes one back by itself that is not settled
    /// within 30 minutes (its consumer timeout), and the run needs its own time.
    static let longestHold = Duration.seconds(300)

    /// A pause is on through which the deliveries stay here.
    private(set) var isOn = false
    /// Since when deliveries may have been kept.
    private var since: SteadyInstant?

    /// A pause begins, or one that is on lasts longer.
    ///
    /// - Parameter end: nil when nobody knows.
    mutating func begin(until end: SteadyInstant?, at now: SteadyInstant) {
        let since = self.since ?? now
        guard let end, now.duration(to: end) <= Self.longestPause, since.duration(to: end) <= Self.longestHold else {
            self.isOn = false
            return
        }
        self.since = since
        self.isOn = true
    }

    /// The pause is over, or something else has begun for which nothing is kept.
    mutating func end() { self.isOn = false }

    /// Nothing is kept any more: the time of the next pause counts anew.
    mutating func ranDry() { self.since = nil }
}
