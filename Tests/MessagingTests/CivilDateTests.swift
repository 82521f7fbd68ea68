import Glibc
import Messaging
import SeededGeneration
import Testing

/// Times of four-digit years by our own calculation, which are to be the system's, also before 1970.
struct CivilDateTests {
    /// What gmtime(3) makes of it.
    private static func text(seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        // Fills a value of this function from one of this function, and keeps neither.
        gmtime_r(&time, &parts)
        func padded(_ number: Int32, _ width: Int) -> String {
            String(repeating: "0", count: width - "\(number)".count) + "\(number)"
        }
        let date = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2)]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":"))Z"
    }

    /// The milliseconds since 1970 of these years.
    private static let writable: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `any second of the years 0 to 9999 is the system's`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bounds = Self.writable
        for _ in 0..<500 {
            let seconds = Int64.random(in: bounds.lowerBound / 1000...bounds.upperBound / 1000, using: &random)
            #expect(CivilDate.text(seconds: seconds) == Self.text(seconds: seconds), "\(seconds)")
        }
    }

    @Test(
        arguments: [
            (-62_167_219_200_000, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            (-62_135_596_800_001, "0000-12-31T23:59:59.999Z", "0000-12-31T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            (7, "1970-01-01T00:00:00.007Z", "1970-01-01T00:00:00.007Z"),
            (1_769_860_800_250, "2026-01-31T12:00:00.250Z", "2026-01-31T12:00:00.250Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String, String)]
    )
    func `a fraction has three digits, and is left out where there is none unless it is asked for`(
        milliseconds: Int64,
        short: String,
        long: String
    ) {
        #expect(CivilDate.text(milliseconds: milliseconds) == short)
        #expect(CivilDate.text(milliseconds: milliseconds, alwaysWithFraction: true) == long)
    }
}
