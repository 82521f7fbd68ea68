import Testing

@testable import Processing

struct SettlementPauseTests {
    private static func tries(within time: Duration, isEvent: Bool) -> Int {
        var pause = SettlementPause()
        var (tries, passed) = (1, Duration.zero)
        while true {
            passed += pause.next(isEvent: isEvent)
            guard passed <= time else { return tries }
            tries += 1
        }
    }

    @Test func `what only one queue gets is tried again twice a minute, however long it lasts`() {
        #expect(Self.tries(within: .seconds(2), isEvent: false) == 3)
        #expect((120...130).contains(Self.tries(within: .seconds(3600), isEvent: false)))
    }

    @Test func `an event that other queues may have is published few times in an hour`() {
        #expect(Self.tries(within: .seconds(2), isEvent: true) == 3)
        #expect(Self.tries(within: .seconds(3600), isEvent: true) <= 21)
    }

    @Test func `it ends nowhere`() {
        var pause = SettlementPause()
        for _ in 0..<100_000 { _ = pause.next(isEvent: true) }
        #expect(pause.next(isEvent: true) == SettlementPause.longestOfEvents)
        #expect(pause.next(isEvent: false) == SettlementPause.longest)
    }
}
