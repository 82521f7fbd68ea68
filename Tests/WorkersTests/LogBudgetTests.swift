import Testing

@testable import Workers

struct LogBudgetTests {
    private static let start = ContinuousClock.now

    /// How many lines of the size are taken at one moment.
    private static func taken(_ budget: inout LogBudget, bytes: Int, at now: ContinuousClock.Instant) -> Int {
        var count = 0
        while budget.take(bytes: bytes, now: now) { count += 1 }
        return count
    }

    @Test func `a burst of lines is taken, then as many as time brings, and never more than a burst`() {
        var budget = LogBudget(now: Self.start)
        let burst = Int(LogBudget.linesPerSecond * LogBudget.burst)
        #expect(Self.taken(&budget, bytes: 10, at: Self.start) == burst)
        #expect(budget.isExhausted(now: Self.start) == true)
        #expect(Self.taken(&budget, bytes: 10, at: Self.start + .seconds(1)) == Int(LogBudget.linesPerSecond))
        #expect(Self.taken(&budget, bytes: 10, at: Self.start + .seconds(3600)) == burst)
    }

    @Test func `large lines are bounded by their bytes`() {
        var budget = LogBudget(now: Self.start)
        let burst = LogBudget.bytesPerSecond * LogBudget.burst
        let taken = Self.taken(&budget, bytes: 8 << 10, at: Self.start)
        #expect(taken == Int(burst) / (8 << 10))
        #expect(Double(taken) < LogBudget.linesPerSecond * LogBudget.burst)
    }

    @Test func `a line that is larger than all of it is taken and paid for later`() {
        var budget = LogBudget(now: Self.start)
        let twice = Int(LogBudget.bytesPerSecond * LogBudget.burst * 2)
        #expect(budget.take(bytes: twice, now: Self.start) == true)
        #expect(budget.take(bytes: 1, now: Self.start + .seconds(LogBudget.burst - 0.1)) == false)
        #expect(budget.take(bytes: 1, now: Self.start + .seconds(LogBudget.burst + 0.1)) == true)
    }

    @Test func `what is dropped is counted, and told once`() {
        var budget = LogBudget(now: Self.start)
        let taken = Self.taken(&budget, bytes: 10, at: Self.start)
        #expect(budget.dropped == 1)
        for _ in 0..<9 { #expect(budget.take(bytes: 10, now: Self.start) == false) }
        budget.drop(lines: 5)
        #expect(taken > 0)
        #expect(budget.takeDropped() == 15)
        #expect(budget.takeDropped() == 0)
    }

    @Test func `a clock that stands still, or goes back, fills nothing`() {
        var budget = LogBudget(now: Self.start)
        _ = Self.taken(&budget, bytes: 10, at: Self.start)
        #expect(budget.take(bytes: 10, now: Self.start - .seconds(100)) == false)
        #expect(Self.taken(&budget, bytes: 10, at: Self.start + .seconds(1)) == Int(LogBudget.linesPerSecond))
    }
}
