/// How often suspects that stand still behind one of them may change their order: each change breaks their connection,
/// so when a whole round of them has not helped, they become rarer.
struct SuspectTurns: Equatable {
    /// The longest pause between two changes.
    static let longest = Duration.seconds(300)

    private var pause = PublishWatch.late
    private var next: ContinuousClock.Instant
    /// How often the order was changed since the pause became longer.
    private var changes = 0

    /// Those of suspects that are new: the first change may come at once.
    init(at now: ContinuousClock.Instant) { self.next = now }

    func isDue(at now: ContinuousClock.Instant) -> Bool { now >= self.next }

    /// - Parameter round: how many changes it takes until each has been the last once.
    mutating func changed(round: Int, at now: ContinuousClock.Instant) {
        self.next = now + self.pause
        self.changes += 1
        guard self.changes >= round else { return }
        self.changes = 0
        self.pause = min(self.pause * 2, Self.longest)
    }
}
