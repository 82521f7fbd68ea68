import FoundationEssentials
import Messaging
import SeededGeneration
import Testing

@testable import Warren

/// The dates of payloads.
struct EventTimeTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `any millisecond of a four-digit year is read back as what was written`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            // Also before 1582, where the calendars of those who read and write could differ.
            let milliseconds = Int64.random(in: -62_000_000_000_000...253_402_300_799_999, using: &random)
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            let text = EventTime.text(date)
            let parsed = try #require(EventTime.parse(text), "\(text)")
            #expect((parsed.timeIntervalSince1970 * 1000).rounded() == Double(milliseconds), "\(text)")
        }
    }

    @Test(arguments: [
        (1_769_860_800, "2026-01-31T12:00:00Z"), (1_769_860_800.25, "2026-01-31T12:00:00.250Z"),
        (1_769_860_800.1234, "2026-01-31T12:00:00.123Z"), (1_769_860_800.9996, "2026-01-31T12:00:01Z"),
        (-0.5, "1969-12-31T23:59:59.500Z"),
    ])
    func `a date is rounded to milliseconds`(seconds: Double, text: String) {
        #expect(EventTime.text(Date(timeIntervalSince1970: seconds)) == text)
    }
}
