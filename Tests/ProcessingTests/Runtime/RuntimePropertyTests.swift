import Testing

@testable import Processing

/// Random histories with fixed seeds: whatever is edited, answered and lost in whatever order, the rules of
/// `RuntimeState` hold.
struct RuntimePropertyTests {
    /// So many walks in each case.
    private static let walks: UInt64 = 100

    private static func walk(_ first: UInt64, _ end: (inout RuntimeWalk) throws -> Void) rethrows -> [RuntimeTally] {
        try (first..<first + self.walks).map { seed in
            var walk = RuntimeWalk(seed: seed)
            try end(&walk)
            return walk.tally
        }
    }

    /// A walk on which nothing happens proves nothing.
    private static func expectEvents(_ tallies: [RuntimeTally]) {
        let counts: [KeyPath<RuntimeTally, Int>] = [
            \.added, \.committed, \.switched, \.refused, \.unbound, \.cameBack, \.ended, \.removedQueues,
        ]
        for count in counts {
            let walks = tallies.count { $0[keyPath: count] > 0 }
            #expect(walks > tallies.count / 10, "\(count) on \(walks) walks")
        }
    }

    @Test(arguments: [0, 100, 200] as [UInt64])
    func `a host that goes down in the middle of anything closes its intake once, when all have ended`(
        seeds: UInt64
    ) throws {
        let tallies = try Self.walk(seeds) { walk in
            try walk.walk(300)
            try walk.drain()
        }
        Self.expectEvents(tallies)
    }

    @Test(arguments: [1000, 1100, 1200] as [UInt64])
    func `when everything goes well again, what runs ends as what is wanted`(seeds: UInt64) throws {
        let tallies = try Self.walk(seeds) { walk in
            try walk.walk(300)
            walk.settle()
            try walk.drain()
        }
        Self.expectEvents(tallies)
    }

    @Test func `a host that goes down before it has begun anything closes its intake, too`() throws {
        for seed in 0..<Self.walks {
            var walk = RuntimeWalk(seed: seed)
            try walk.walk(0)
            try walk.drain()
        }
    }
}
