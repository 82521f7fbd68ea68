import Manifests

/// Whether an endpoint has asked to be left alone, until when, and why. A value without a clock.
///
/// When a pause is over one request shows whether the endpoint is well again. One that asks for a pause again gets a
/// longer one: twice as long each time, up to five minutes, so that an endpoint that answers `Retry-After: 1` for hours
/// is not asked every second.
struct EndpointPause: Equatable {
    private enum State: Equatable {
        case off
        case until(ContinuousClock.Instant, reason: String)
        case gone(reason: String)
    }

    static let longestExtension = Duration.seconds(300)

    private var state = State.off
    /// Pauses since the endpoint last answered anything else.
    private var pauses = 0

    var isOn: Bool {
        if case .off = self.state { false } else { true }
    }

    /// The endpoint gets one request at a time, until one shows that it is well.
    var isTrying: Bool { !self.isOn && self.pauses > 0 }

    /// Nil when it does not end by itself.
    var end: ContinuousClock.Instant? {
        if case .until(let end, _) = self.state { end } else { nil }
    }

    var reason: String {
        switch self.state {
        case .off: ""
        case .until(_, let reason), .gone(let reason): reason
        }
    }

    /// The endpoint asks for a pause. Of several answers the one that asks for the longest counts, and together they
    /// are one pause.
    mutating func wait(_ asked: Duration, reason: String, at now: ContinuousClock.Instant) {
        switch self.state {
        case .off:
            let shortest = self.shortest
            var reason = reason
            if shortest > asked {
                reason += "; after \(self.pauses) pauses in a row for \(ManifestDuration.format(shortest))"
            }
            self.state = .until(now + max(asked, shortest), reason: reason)
            self.pauses += 1
        case .until(let other, _):
            if now + asked > other { self.state = .until(now + asked, reason: reason) }
        case .gone: return
        }
    }

    /// How long the next pause is at least: no time at first, then 2 s, 4 s and so on.
    private var shortest: Duration {
        self.pauses == 0 ? .zero : min(.seconds(1 << min(self.pauses, 16)), Self.longestExtension)
    }

    mutating func gone(reason: String) {
        self.state = .gone(reason: reason)
        self.pauses += 1
    }

    /// The pause is over, or somebody wants another try now.
    mutating func isOver() { self.state = .off }

    /// The endpoint has answered and asked for no pause. What was on its way when the pause began says nothing.
    mutating func answered() {
        if !self.isOn { self.pauses = 0 }
    }
}
