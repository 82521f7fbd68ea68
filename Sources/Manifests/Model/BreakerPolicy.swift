/// When to pause a function that fails throughout, so that its events wait in the queue instead of using up their
/// attempts. After the pause one event is tried.
package struct BreakerPolicy: Sendable, Hashable {
    /// The bounds of `breaker.failures`.
    package static let allowedFailures = 1...10_000
    /// The bounds of `breaker.window`.
    package static let allowedWindow = Duration.seconds(1)...Duration.seconds(86_400)
    /// The bounds of `breaker.pause`.
    package static let allowedPause = Duration.milliseconds(100)...Duration.seconds(3600)

    /// The number of failures within the window, without a success among them, that pauses the function.
    package var failures: Int
    /// How long a failure counts.
    package var window: Duration
    /// The length of the first pause; pauses that follow it without a success are longer.
    package var pause: Duration

    package init(failures: Int = 5, window: Duration = .seconds(60), pause: Duration = .seconds(5)) {
        self.failures = failures
        self.window = window
        self.pause = pause
    }
}
