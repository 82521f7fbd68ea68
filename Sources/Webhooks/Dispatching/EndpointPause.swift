import Manifests

/// Tracks whether an endpoint has asked for a pause, until when, and why. A value without a clock.
///
/// After a pause, a single request shows whether the endpoint has recovered. If it asks for a pause again, the next
/// pause has a minimum length, which doubles each time from 2 s to five minutes, so that an endpoint that answers
/// `Retry-After: 1` for hours is not asked every second.
struct EndpointPause: Equatable {
    private enum State: Equatable {
        case off
        case until(ContinuousClock.Instant, reason: String)
        case gone(reason: String)
    }

    static let longestMinimum = Duration.seconds(300)

    private var state = State.off
    /// The number of pauses since the endpoint last gave any other answer.
    private var pauses = 0

    var isOn: Bool {
        if case .off = self.state { false } else { true }
    }

    /// Whether the endpoint gets one request at a time, until one shows that it has recovered.
    var isTrying: Bool { !self.isOn && self.pauses > 0 }

    /// The end of the pause; `nil` if there is none, or it lasts until an operator intervenes.
    var end: ContinuousClock.Instant? {
        if case .until(let end, _) = self.state { end } else { nil }
    }

    var reason: String {
        switch self.state {
        case .off: ""
        case .until(_, let reason), .gone(let reason): reason
        }
    }

    /// The endpoint asks for a pause. If several answers ask for one, the longest counts, and together they are one
    /// pause.
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

    /// The minimum length of the next pause: zero at first, then 2 s, 4 s and so on.
    private var shortest: Duration {
        self.pauses == 0 ? .zero : min(.seconds(1 << min(self.pauses, 16)), Self.longestMinimum)
    }

    mutating func gone(reason: String) {
        self.state = .gone(reason: reason)
        self.pauses += 1
    }

    /// Ends the pause, because its time has passed or an operator asks for another try.
    mutating func isOver() { self.state = .off }

    /// The endpoint has answered without asking for a pause. Answers to requests that were in flight when a pause began
    /// do not count.
    mutating func answered() {
        if !self.isOn { self.pauses = 0 }
    }
}
