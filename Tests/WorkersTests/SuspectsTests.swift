import Testing

@testable import Workers

struct SuspectsTests {
    @Test func `what was alone is the culprit`() {
        var suspects = Suspects<Int>()
        #expect(suspects.workerDied(over: [7]) == 7)
        #expect(suspects.isEmpty)
        #expect(suspects.workerDied(over: []) == nil)
        #expect(suspects.isEmpty)
    }

    @Test func `those that died together run again by halves, the larger groups first`() {
        var suspects = Suspects<Int>()
        #expect(suspects.workerDied(over: [1, 2, 3, 4, 5]) == nil)
        #expect(suspects.nextGroup() == [1, 2, 3])
        #expect(suspects.workerDied(over: [1, 2, 3]) == nil)
        #expect(suspects.nextGroup() == [4, 5])
        #expect(suspects.nextGroup() == [1, 2])
        #expect(!suspects.isEmpty)
        #expect(suspects.removeAll() == [3])
        #expect(suspects.isEmpty)
        #expect(suspects.nextGroup() == nil)
    }

    @Test(arguments: 0..<300)
    func `every culprit is charged once and no innocent ever, after few deaths`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = Int.random(in: 1...1200, using: &random)
        let number = min(count, Int.random(in: 0...5, using: &random))
        let culprits = Set((0..<count).shuffled(using: &random).prefix(number))
        var suspects = Suspects<Int>()
        var charged: [Int] = []
        var completed: [Int] = []
        var deaths = 0
        var next: [Int]? = Array(0..<count)
        while let group = next {
            // Some of the innocent come to their end before a culprit kills the worker, and all of them without one.
            let isDeadly = !culprits.isDisjoint(with: group)
            let done = group.filter { element in
                !culprits.contains(element) && (!isDeadly || Int.random(in: 0..<4, using: &random) == 0)
            }
            completed += done
            if isDeadly {
                deaths += 1
                let lost = group.filter { !done.contains($0) }
                if let culprit = suspects.workerDied(over: lost) { charged.append(culprit) }
            }
            next = suspects.nextGroup()
        }
        #expect(Set(charged) == culprits)
        #expect(charged.count == culprits.count)
        #expect(completed.sorted() == (0..<count).filter { !culprits.contains($0) })
        // The logarithm rounded up: halves of an odd number are not equal.
        let halvings = (count - 1).bitWidth - (count - 1).leadingZeroBitCount
        #expect(deaths <= culprits.count * (halvings + 1))
    }
}
