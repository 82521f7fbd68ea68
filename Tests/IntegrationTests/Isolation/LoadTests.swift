import Testing
import Waiting

/// Tests that use the whole machine: one after the other, so that they do not measure each other.
@Suite(.serialized, .hangGuard)
enum LoadTests {
    /// How long something takes beside a neighbour that does harm, and, at the same time, in another host, which shares
    /// nothing with the neighbour but the machine. What else the machine does meets both.
    struct Comparison: Sendable, CustomStringConvertible {
        /// Milliseconds. Below it what else the machine does weighs more than a neighbour.
        private static let floor = 500.0

        let near: Double
        let far: Double

        var isFair: Bool { self.near <= max(3 * self.far, Self.floor) }
        var description: String { "\(self.near) ms (\(self.far) ms in another host)" }
    }

    /// Compares until three of at most five rounds agree: a moment in which only one of the two hosts gets no processor
    /// decides nothing.
    static func expectFair(_ what: String, compare: (_ round: Int) async throws -> Comparison) async throws {
        var comparisons: [Comparison] = []
        while comparisons.count(where: \.isFair) < 3, comparisons.count(where: { !$0.isFair }) < 3 {
            comparisons.append(try await compare(comparisons.count + 1))
        }
        print("p99 beside \(what): \(comparisons)")
        #expect(comparisons.count(where: \.isFair) == 3, "\(what): \(comparisons)")
    }
}
