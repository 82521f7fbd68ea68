/// The log budget that all workers of one function share. Because it belongs to the function, a worker that dies of its
/// own flood does not get a fresh budget when it is replaced. Confined to one loop.
final class LogMeter {
    var budget = LogBudget(now: .now)
}

/// Limits how many log lines the workers of a function may write per second, and allows bursts. Two token buckets fill
/// with time, one counts lines and one counts bytes. A line that finds either bucket empty is dropped and counted.
///
/// A value without a clock: the caller passes the time.
struct LogBudget {
    static let linesPerSecond = 500.0
    static let bytesPerSecond = 512.0 * 1024
    /// Capacity of each bucket, in seconds of its rate.
    static let burst = 4.0

    private var lines = Self.linesPerSecond * Self.burst
    private var bytes = Self.bytesPerSecond * Self.burst
    private var filledAt: ContinuousClock.Instant
    /// Lines dropped since the last call of `takeDropped`.
    private(set) var dropped = 0

    init(now: ContinuousClock.Instant) { self.filledAt = now }

    /// Whether the budget is used up. The caller then need not split the output into lines.
    mutating func isExhausted(now: ContinuousClock.Instant) -> Bool {
        self.fill(now)
        return self.lines < 1 || self.bytes <= 0
    }

    /// Charges one line of `count` bytes to the budget; returns false if the line must be dropped.
    mutating func take(bytes count: Int, now: ContinuousClock.Instant) -> Bool {
        guard !self.isExhausted(now: now) else {
            self.dropped += 1
            return false
        }
        self.lines -= 1
        // A line that is larger than what is left overdraws the bucket. Otherwise a very long line could never be
        // logged.
        self.bytes -= Double(count)
        return true
    }

    mutating func drop(lines count: Int) { self.dropped += count }

    mutating func takeDropped() -> Int {
        defer { self.dropped = 0 }
        return self.dropped
    }

    private mutating func fill(_ now: ContinuousClock.Instant) {
        let elapsed = self.filledAt.duration(to: now) / .seconds(1)
        guard elapsed > 0 else { return }
        self.filledAt = now
        self.lines = min(self.lines + elapsed * Self.linesPerSecond, Self.linesPerSecond * Self.burst)
        self.bytes = min(self.bytes + elapsed * Self.bytesPerSecond, Self.bytesPerSecond * Self.burst)
    }
}
