/// The budget that the workers of one function share, so that one which dies of what it writes brings no new one along.
/// Confined to one loop.
final class LogMeter {
    var budget = LogBudget(now: .now)
}

/// How many log lines the workers of a function may write: so many a second, and a burst of that for some seconds. Two
/// buckets that fill with time, one of lines and one of bytes; a line that finds one of them empty is dropped and
/// counted.
///
/// A value without a clock: the caller tells the time.
struct LogBudget {
    static let linesPerSecond = 500.0
    static let bytesPerSecond = 512.0 * 1024
    /// Seconds of lines that may come at once.
    static let burst = 4.0

    private var lines = Self.linesPerSecond * Self.burst
    private var bytes = Self.bytesPerSecond * Self.burst
    private var filledAt: ContinuousClock.Instant
    /// Dropped since the last `takeDropped`.
    private(set) var dropped = 0

    init(now: ContinuousClock.Instant) { self.filledAt = now }

    /// Whether nothing can be logged now: then it is not worth taking lines apart.
    mutating func isExhausted(now: ContinuousClock.Instant) -> Bool {
        self.fill(now)
        return self.lines < 1 || self.bytes <= 0
    }

    /// Takes a line of so many bytes; false when it has to be dropped.
    mutating func take(bytes count: Int, now: ContinuousClock.Instant) -> Bool {
        guard !self.isExhausted(now: now) else {
            self.dropped += 1
            return false
        }
        self.lines -= 1
        // A long line is paid for later rather than never logged.
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
