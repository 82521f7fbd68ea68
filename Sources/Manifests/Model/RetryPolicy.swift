/// How often and after what delays a failed event is tried again. `Processing` applies it.
package struct RetryPolicy: Sendable, Hashable {
    /// The bounds of `retry.maxAttempts`.
    package static let allowedAttempts = 1...10_000
    /// The bounds of `retry.maxDeferrals`.
    package static let allowedDeferrals = 0...1_000_000

    /// How often the function runs on one event, the first run included; after the last failure the event is
    /// dead-lettered.
    package var maxAttempts: Int
    package var backoff: Backoff
    /// How often a function may put off one event ("later"); when it asks again, the event counts as exhausted.
    package var maxDeferrals: Int

    package init(maxAttempts: Int = 5, backoff: Backoff = Backoff(), maxDeferrals: Int = 100) {
        self.maxAttempts = maxAttempts
        self.backoff = backoff
        self.maxDeferrals = maxDeferrals
    }
}

/// The delay before attempt n + 1: `initial × multiplier^(n − 1)`, at most `max`, then lengthened by up to `jitter`.
package struct Backoff: Sendable, Hashable {
    /// The longest delay that a manifest may ask for. With the largest jitter it stays below the 310 days that 28 delay
    /// levels can hold.
    package static let longest = Duration.seconds(100 * 86_400)
    /// The bounds of `multiplier`: at least 1, so a delay never shrinks.
    package static let allowedMultiplier = 1.0...100.0
    /// The bounds of `jitter`, a fraction of the delay.
    package static let allowedJitter = 0.0...1.0

    package var initial: Duration
    package var multiplier: Double
    package var max: Duration
    /// A fraction: 0.2 lengthens a delay by 0 to 20 %, uniformly distributed. It never shortens one.
    package var jitter: Double

    package init(
        initial: Duration = .seconds(1),
        multiplier: Double = 2,
        max: Duration = .seconds(600),
        jitter: Double = 0.2
    ) {
        self.initial = initial
        self.multiplier = multiplier
        self.max = max
        self.jitter = jitter
    }
}

extension Backoff {
    /// The delay after an attempt: `initial × multiplier^(attempt − 1)`, at most `max`, lengthened by up to `jitter`.
    /// Jitter only lengthens, so a delay is never shorter than what the manifest promises.
    package func delay(afterAttempt attempt: Int, random: Double) -> Duration {
        var delay = self.initial
        for _ in 1..<Swift.max(attempt, 1) {
            guard delay < self.max, self.multiplier > 1 else { break }
            delay = delay * self.multiplier
        }
        return Swift.min(delay, self.max) * (1 + self.jitter * random)
    }
}
