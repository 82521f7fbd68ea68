import EventLoops
import Messaging
import SeededGeneration
import Testing

@testable import Processing

struct DueTargetsTests {
    private static let start = SteadyInstant.now
    private static let late = Self.start + DueTargets.late

    private static func target(_ key: String, _ exchange: String = "e") -> DueTargets.Target {
        DueTargets.Target(exchange: exchange, routingKey: key)
    }

    /// Takes until it may not.
    ///
    /// - Returns: the numbers of those that were published.
    private static func fill(
        _ targets: inout DueTargets,
        _ target: DueTargets.Target,
        at now: SteadyInstant = Self.start
    ) -> [Int] {
        var numbers: [Int] = []
        while case .publish(let number) = targets.take(target, at: now) { numbers.append(number) }
        return numbers
    }

    private static func isPublished(_ answer: DueTargets.Answer) -> Bool {
        if case .publish = answer { true } else { false }
    }

    @Test func `a target gets its share, and more when one of them has ended`() {
        var targets = DueTargets()
        let numbers = Self.fill(&targets, Self.target("a"))
        #expect(numbers.count == DueTargets.share)
        #expect(targets.take(Self.target("a"), at: Self.start) == .wait)
        targets.end(numbers[3])
        #expect(Self.fill(&targets, Self.target("a")).count == 1)
        #expect(Self.isPublished(targets.take(Self.target("b"), at: Self.start)))
        #expect(Self.isPublished(targets.take(Self.target("a", "other"), at: Self.start)))
    }

    @Test func `what comes for a target that is late is put off, until it has answered`() {
        var targets = DueTargets()
        let numbers = Self.fill(&targets, Self.target("a"))
        #expect(targets.take(Self.target("a"), at: Self.late - .milliseconds(1)) == .wait)
        #expect(Self.isPublished(targets.take(Self.target("b"), at: Self.late)))
        for number in numbers {
            #expect(targets.take(Self.target("a"), at: Self.late) == .putOff)
            targets.end(number)
        }
        #expect(Self.isPublished(targets.take(Self.target("a"), at: Self.late)))
    }

    private static func expectThrough(
        _ targets: inout DueTargets,
        _ target: DueTargets.Target,
        _ location: SourceLocation = #_sourceLocation
    ) {
        for _ in 1...10 {
            guard case .publish(let number) = targets.take(target, at: Self.late) else {
                Issue.record("it is held up", sourceLocation: location)
                return
            }
            targets.end(number)
        }
    }

    @Test(arguments: [1, 3, 4])
    func `targets that are stuck with all that they may have hold up no other`(stuck: Int) {
        var targets = DueTargets()
        for number in 0..<stuck { _ = Self.fill(&targets, Self.target("k\(number)", "e\(number % 2)")) }
        Self.expectThrough(&targets, Self.target("well", "e0"))
        Self.expectThrough(&targets, Self.target("well", "elsewhere"))
    }

    @Test func `keys that are all different and stuck leave tries to others, as long as these are answered`() {
        var targets = DueTargets()
        for number in 0..<DueTargets.shareOfExchange {
            #expect(Self.isPublished(targets.take(Self.target("k\(number)"), at: Self.start)))
        }
        #expect(targets.take(Self.target("next"), at: Self.start) == .wait)
        Self.expectThrough(&targets, Self.target("well"))
        for number in 0..<DueTargets.mostTries {
            #expect(Self.isPublished(targets.take(Self.target("try \(number)"), at: Self.late)))
        }
        #expect(targets.take(Self.target("well"), at: Self.late) == .wait, "the tries may be answered in a moment")
        #expect(targets.take(Self.target("well"), at: Self.late + DueTargets.late) == .putOff)
        Self.expectThrough(&targets, Self.target("well", "elsewhere"))
    }

    @Test func `something late elsewhere puts nothing off that only waits for its own kind`() {
        var targets = DueTargets()
        _ = targets.take(Self.target("stuck", "g"), at: Self.start)
        for number in 0..<DueTargets.shareOfExchange {
            #expect(Self.isPublished(targets.take(Self.target("k\(number)"), at: Self.late)))
        }
        #expect(targets.take(Self.target("next"), at: Self.late) == .wait)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `in any history there is a place left to look at what comes, and nobody waits behind what is late`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        var targets = DueTargets()
        var underWay: Set<Int> = []
        var now = Self.start
        for _ in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...400, using: &random))
            let key = Self.target(
                "k\(Int.random(in: 0..<20, using: &random))",
                "e\(Int.random(in: 0..<3, using: &random))"
            )
            switch targets.take(key, at: now) {
            case .publish(let number): underWay.insert(number)
            case .wait, .putOff: break
            }
            #expect(underWay.count <= DueTargets.most + DueTargets.mostTries)
            if Int.random(in: 0..<3, using: &random) == 0, let number = underWay.sorted().randomElement(using: &random)
            {
                underWay.remove(number)
                targets.end(number)
            }
        }
        // Then all that is on its way is late, and what waits is tried or put off.
        now += DueTargets.late
        if !underWay.isEmpty { #expect(targets.take(Self.target("new", "e1"), at: now) != .wait) }
    }
}
