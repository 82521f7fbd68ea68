/// Limits how often suspects that stand still behind one of them may change their order. Each change breaks their
/// connection, so changes become rarer when a whole round of them has not helped.
struct SuspectTurns: Equatable {
    /// The longest pause between two changes.
    static let longest = Duration.seconds(300)

    private var pause = PublishWatch.late
    private var next: ContinuousClock.Instant
    /// The number of changes since the pause became longer.
    private var changes = 0

    /// For suspects that are new: the first change may come at once.
    init(at now: ContinuousClock.Instant) { self.next = now }

    func isDue(at now: ContinuousClock.Instant) -> Bool { now >= self.next }

    /// - Parameter round: the number of changes until each suspect has been the last once.
    mutating func changed(round: Int, at now: ContinuousClock.Instant) {
        self.next = now + self.pause
        self.changes += 1
        guard self.changes >= round else { return }
        self.changes = 0
        self.pause = min(self.pause * 2, Self.longest)
    }
}
