import Testing
import Waiting

/// Tests that use the whole machine: one after the other, so that they do not measure each other.
@Suite(.serialized, .hangGuard)
enum LoadTests {
    /// How long each event took beside a neighbour that does harm, and, at the same time, in another host, which shares
    /// nothing with the neighbour but the machine. What else the machine does meets both.
    struct Comparison: Sendable, CustomStringConvertible {
        /// What is judged: how long so many of all events took at most. Below the floor, in milliseconds, what else the
        /// machine does weighs more than a neighbour.
        private static let judged = [(share: 0.5, floor: 100.0), (share: 0.9, floor: 500.0)]

        /// Milliseconds of each event.
        private(set) var near: [Double] = []
        private(set) var far: [Double] = []

        init(near: [Double] = [], far: [Double] = []) {
            self.near = near
            self.far = far
        }

        mutating func add(_ other: Comparison) {
            self.near += other.near
            self.far += other.far
        }

        private static func time(of share: Double, in times: [Double]) -> Double {
            times.isEmpty ? .infinity : times.sorted()[Int(Double(times.count - 1) * share)]
        }

        var isFair: Bool {
            Self.judged.allSatisfy { share, floor in
                Self.time(of: share, in: self.near) <= max(3 * Self.time(of: share, in: self.far), floor)
            }
        }

        var description: String {
            let figures = Self.judged.map { share, _ in
                "\(Int(share * 100)) % within \(Self.time(of: share, in: self.near)) ms "
                    + "(\(Self.time(of: share, in: self.far)) ms in another host)"
            }
            return "of \(self.near.count) events \(figures.joined(separator: ", "))"
        }
    }

    /// At least so many parts are measured, and so much harm is done meanwhile. Each takes a second, so a single stall
    /// of the machine, of a second too, concerns less than a tenth of the events: harm is what comes again and again.
    private static let parts = 12
    private static let harms = 10

    /// Measures part by part until there was enough of both, and judges all events of all parts together: no part is
    /// left out, and none is measured again.
    ///
    /// - Parameter harm: how often harm has been done up to now. It must go on to the end of the last part and beyond.
    static func expectFair(
        _ what: String,
        harm: () -> Int,
        measure: (_ part: Int) async throws -> Comparison
    ) async throws {
        var whole = Comparison()
        var part = 0
        let before = harm()
        try await wait(for: "harm beside which to measure", found: { "\(harm() - before) of it beside \(whole)" }) {
            part += 1
            whole.add(try await measure(part))
            return part >= Self.parts && harm() - before >= Self.harms
        }
        let during = harm()
        try await wait(for: "harm that goes on") { harm() > during }
        print("beside \(what): \(whole)")
        #expect(whole.isFair, "\(what): \(whole)")
    }
}
