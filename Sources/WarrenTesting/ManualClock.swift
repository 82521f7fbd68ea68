internal import Synchronization

/// The time of an in-memory broker: it stands still until a test moves it.
package final class ManualClock: Sendable {
    private struct State {
        var now = Duration.zero
        var listeners: [@Sendable (Duration) -> Void] = []
    }

    private let state = Mutex(State())

    /// Begins at zero.
    package init() {}

    /// The time since the clock was made.
    package var now: Duration { self.state.withLock { $0.now } }

    /// Moves the time forward and tells everybody who listens, on this thread; they have done their work on return.
    ///
    /// - Parameter interval: how far; a negative interval moves nothing.
    package func advance(by interval: Duration) {
        let (now, listeners) = self.state.withLock { state in
            state.now += max(.zero, interval)
            return (state.now, state.listeners)
        }
        for listener in listeners { listener(now) }
    }

    /// Has the body called with the new time after each move. It is kept as long as the clock.
    func onAdvance(_ listener: @escaping @Sendable (Duration) -> Void) {
        self.state.withLock { $0.listeners.append(listener) }
    }
}
