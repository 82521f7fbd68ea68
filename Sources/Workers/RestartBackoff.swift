/// The pause before a worker that ended is started again: 100 ms at first, doubled each time up to 30 s. Each pause is
/// lengthened at random by up to a fifth, so that the workers of many functions do not start at the same moment. A
/// result from a worker resets it.
struct RestartBackoff {
    private static let first = Duration.milliseconds(100)
    private static let longest = Duration.seconds(30)
    private var next = Self.first

    mutating func wait(random: Double = .random(in: 0..<1)) -> Duration {
        defer { self.next = min(self.next * 2, Self.longest) }
        return self.next * (1 + random / 5)
    }

    mutating func reset() { self.next = Self.first }
}
