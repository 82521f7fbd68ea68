import Testing

@testable import Processing

struct DueTargetsTests {
    private static let start = ContinuousClock.now

    private static func target(_ key: String, _ exchange: String = "e") -> DueTargets.Target {
        DueTargets.Target(exchange: exchange, routingKey: key)
    }

    @Test func `a target gets its share, and more when one of them has ended`() {
        var targets = DueTargets()
        let numbers = (0..<DueTargets.share).map { _ in targets.begin(Self.target("a"), at: Self.start) }
        #expect(targets.ask(Self.target("a"), at: Self.start) == .wait)
        #expect(targets.ask(Self.target("b"), at: Self.start) == .publish)
        #expect(targets.ask(Self.target("a", "other"), at: Self.start) == .publish)
        targets.end(numbers[3])
        #expect(targets.ask(Self.target("a"), at: Self.start) == .publish)
    }

    @Test func `what comes for a target that is late is put off, until it has answered`() {
        var targets = DueTargets()
        let numbers = (0..<DueTargets.share).map { _ in targets.begin(Self.target("a"), at: Self.start) }
        let late = Self.start + DueTargets.late
        #expect(targets.ask(Self.target("a"), at: late - .milliseconds(1)) == .wait)
        #expect(targets.ask(Self.target("a"), at: late) == .putOff)
        #expect(targets.ask(Self.target("b"), at: late) == .publish)
        for number in numbers {
            #expect(targets.ask(Self.target("a"), at: late) == .putOff)
            targets.end(number)
        }
        #expect(targets.ask(Self.target("a"), at: late) == .publish)
    }

    @Test func `keys that are all different do not take the places of other exchanges`() {
        var targets = DueTargets()
        for number in 0..<DueTargets.shareOfExchange {
            #expect(targets.ask(Self.target("k\(number)"), at: Self.start) == .publish)
            _ = targets.begin(Self.target("k\(number)"), at: Self.start)
        }
        #expect(targets.ask(Self.target("another"), at: Self.start) == .wait)
        #expect(targets.ask(Self.target("another"), at: Self.start + DueTargets.late) == .putOff)
        #expect(targets.ask(Self.target("k", "other"), at: Self.start + DueTargets.late) == .publish)
    }
}
