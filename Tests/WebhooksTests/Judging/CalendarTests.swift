import Glibc
import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

/// Dates by our own calculation, which are to be the system's.
struct CalendarTests {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func civil(_ seconds: Int64) -> tm {
        var time = time_t(seconds)
        var civil = tm()
        // Fills a value of this function from one of this function, and keeps neither.
        gmtime_r(&time, &civil)
        return civil
    }

    /// Both ways of writing a time, and the days.
    private func expect(_ seconds: Int64, _ location: SourceLocation = #_sourceLocation) {
        let civil = Self.civil(seconds)
        let (year, day) = (Int64(civil.tm_year) + 1900, Self.two(civil.tm_mday))
        let clock = [civil.tm_hour, civil.tm_min, civil.tm_sec].map(Self.two).joined(separator: ":")
        #expect(
            CivilDate.text(seconds: seconds) == "\(year)-\(Self.two(civil.tm_mon + 1))-\(day)T\(clock)Z",
            sourceLocation: location
        )
        let weekday = Self.weekdays[Int(civil.tm_wday)]
        let text = "\(weekday), \(day) \(Self.months[Int(civil.tm_mon)]) \(year) \(clock) GMT"
        #expect(HTTPDate.seconds(text) == seconds, "\(text)", sourceLocation: location)
        #expect(
            CivilDate.days(year: year, month: Int(civil.tm_mon) + 1, day: Int64(civil.tm_mday)) == seconds / 86_400,
            sourceLocation: location
        )
    }

    @Test(arguments: 1...20)
    func `any second from 1970 to 2100 is the system's`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<200 { self.expect(.random(in: 0..<4_133_980_800, using: &random)) }
    }

    @Test func `the first and the last second of every day from 1970 to 2100 are the system's`() {
        for day: Int64 in 0..<47_847 {
            let civil = Self.civil(day * 86_400)
            let date = "\(Int64(civil.tm_year) + 1900)-\(Self.two(civil.tm_mon + 1))-\(Self.two(civil.tm_mday))"
            guard CivilDate.text(seconds: day * 86_400) == "\(date)T00:00:00Z",
                CivilDate.text(seconds: day * 86_400 + 86_399) == "\(date)T23:59:59Z"
            else {
                Issue.record("day \(day) is \(date)")
                return
            }
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func `leap years are every fourth, but not every hundredth`(seconds: Int64, text: String) {
        #expect(CivilDate.text(seconds: seconds) == text)
        self.expect(seconds)
    }

    @Test(arguments: [
        "", "GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 November 1994 08:49:37 GMT", "Sun, 06 11 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 10000 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 08:49:37:00 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT", "Sun, 06 Nov 1994 08:49:3.7 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 gmt", "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT GMT",
    ])
    func `what is no date of HTTP is not read`(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }

    @Test(arguments: ["31 Apr 2026", "30 Feb 2024", "29 Feb 2026", "29 Feb 2100", "31 Nov 2026"])
    func `a day that its month does not have is no date`(day: String) {
        #expect(HTTPDate.seconds("Sun, \(day) 08:49:37 GMT") == nil)
    }

    @Test func `a leap second is the first of the next minute`() {
        #expect(HTTPDate.seconds("Sat, 31 Dec 2016 23:59:60 GMT") == HTTPDate.seconds("Sun, 01 Jan 2017 00:00:00 GMT"))
    }
}
