import Testing

@testable import AMQP

struct SuspectTurnsTests {
    private static let start = ContinuousClock.now

    /// - Returns: the seconds at which the order is changed, looked at every second.
    private static func changes(within seconds: Int, round: Int) -> [Int] {
        var turns = SuspectTurns(at: self.start)
        return (0..<seconds).filter { second in
            let now = self.start + .seconds(second)
            guard turns.isDue(at: now) else { return false }
            turns.changed(round: round, at: now)
            return true
        }
    }

    @Test func `the first change comes at once, and a whole round of them at the same pace`() {
        #expect(Self.changes(within: 60, round: 3) == [0, 5, 10, 15, 25, 35, 45])
    }

    @Test func `with each round that has not helped the pause grows up to five minutes`() {
        let changes = Self.changes(within: 3000, round: 1)
        #expect(changes.prefix(8) == [0, 5, 15, 35, 75, 155, 315, 615])
        #expect(zip(changes.dropFirst(7), changes.dropFirst(8)).allSatisfy { $1 - $0 == 300 })
    }
}
