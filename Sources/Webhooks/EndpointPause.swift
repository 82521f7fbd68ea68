/// Whether an endpoint has asked to be left alone, until when, and why. A value without a clock.
struct EndpointPause {
    private enum State {
        case off
        case until(ContinuousClock.Instant, reason: String)
        case gone(reason: String)
    }

    private var state = State.off

    var isOn: Bool {
        if case .off = self.state { false } else { true }
    }

    /// Nothing when it does not end by itself.
    var end: ContinuousClock.Instant? {
        if case .until(let end, _) = self.state { end } else { nil }
    }

    var reason: String {
        switch self.state {
        case .off: ""
        case .until(_, let reason), .gone(let reason): reason
        }
    }

    /// Of several answers the one that asks for the longest pause counts.
    mutating func wait(until end: ContinuousClock.Instant, reason: String) {
        switch self.state {
        case .off: self.state = .until(end, reason: reason)
        case .until(let other, _): if end > other { self.state = .until(end, reason: reason) }
        case .gone: return
        }
    }

    mutating func gone(reason: String) { self.state = .gone(reason: reason) }
}
