/// How long to wait before the next attempt to connect: 100 ms, doubled up to 10 s, each shortened by up to half so
/// that many hosts do not come back at the same moment.
struct ReconnectBackoff {
    private static let first = Duration.milliseconds(100)
    private static let longest = Duration.seconds(10)
    /// A connection that has lived for this long was sound.
    private static let soundLife = Duration.seconds(5)
    private var next = Self.first

    mutating func wait(random: Double = .random(in: 0..<1)) -> Duration {
        defer { self.next = min(self.next * 2, Self.longest) }
        return self.next * (1 - random / 2)
    }

    /// Starts again from the shortest delay after a connection that was sound. A connection that ends as soon as it is
    /// accepted is not: a broker that does this would be called ten times a second forever.
    ///
    /// - Returns: whether the connection was sound.
    @discardableResult
    mutating func reset(afterLife life: Duration) -> Bool {
        guard life >= Self.soundLife else { return false }
        self.reset()
        return true
    }

    mutating func reset() { self.next = Self.first }
}
