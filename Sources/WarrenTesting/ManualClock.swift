internal import Synchronization

/// The clock of an in-memory broker: its time stands still until a test moves it.
package final class ManualClock: Sendable {
    private struct State {
        var now = Duration.zero
        var listeners: [@Sendable (Duration) -> Void] = []
    }

    private let state = Mutex(State())

    /// Creates a clock at zero.
    package init() {}

    /// The time since the clock was made.
    package var now: Duration { self.state.withLock { $0.now } }

    /// Moves the time forward and calls all listeners on this thread. They have finished when this returns.
    ///
    /// - Parameter interval: how far to move; a negative interval has no effect.
    package func advance(by interval: Duration) {
        let (now, listeners) = self.state.withLock { state in
            state.now += max(.zero, interval)
            return (state.now, state.listeners)
        }
        for listener in listeners { listener(now) }
    }

    /// Calls the body with the new time after each move, for as long as the clock exists.
    func onAdvance(_ listener: @escaping @Sendable (Duration) -> Void) {
        self.state.withLock { $0.listeners.append(listener) }
    }
}
