import EventLoops
import Testing

@testable import Processing

struct PauseHoldTests {
    private static let start = SteadyInstant.now

    private static func at(_ seconds: Int) -> SteadyInstant { self.start + .seconds(seconds) }

    private static func begins(
        _ hold: inout PauseHold,
        until end: SteadyInstant?,
        at now: SteadyInstant
    ) -> Bool {
        hold.begin(until: end, at: now)
        return hold.isOn
    }

    @Test func `only a pause whose end is known and near is held through`() {
        var hold = PauseHold()
        #expect(!Self.begins(&hold, until: nil, at: Self.at(0)))
        #expect(!Self.begins(&hold, until: Self.at(31), at: Self.at(0)))
        #expect(!hold.isOn)
        #expect(Self.begins(&hold, until: Self.at(30), at: Self.at(0)))
        #expect(hold.isOn)
        hold.end()
        #expect(!hold.isOn)
    }

    @Test func `pauses in a row are held through for five minutes in all`() {
        var hold = PauseHold()
        for second in stride(from: 0, to: 300, by: 30) {
            #expect(Self.begins(&hold, until: Self.at(second + 30), at: Self.at(second)), "\(second)")
            hold.end()
        }
        #expect(!Self.begins(&hold, until: Self.at(301), at: Self.at(300)))
        hold.ranDry()
        #expect(Self.begins(&hold, until: Self.at(301), at: Self.at(300)))
    }
}
