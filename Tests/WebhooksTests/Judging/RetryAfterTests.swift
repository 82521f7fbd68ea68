import Testing

@testable import Webhooks

struct RetryAfterTests {
    /// Sunday, 6 November 1994, 08:49:37.
    private static let now: Int64 = 784_111_777

    @Test(arguments: [
        ("0", 1), ("1", 1), ("2", 2), ("120", 120), ("0120", 120), ("00", 1), ("86399", 86_399), ("86400", 86_400),
        ("86401", 86_400), ("99999999999", 86_400), ("9223372036854775807", 86_400), ("9223372036854775808", 86_400),
        (String(repeating: "9", count: 10_000), 86_400), (String(repeating: "0", count: 10_000), 1),
        (" 30", 30), ("30\t ", 30), ("\t 30 ", 30),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 1), ("Sun, 06 Nov 1994 08:49:38 GMT", 1),
        ("Sun, 06 Nov 1994 08:51:37 GMT", 120),
        ("  Sun, 06 Nov 1994 08:51:37 GMT ", 120), ("Sat, 05 Nov 1994 08:49:37 GMT", 1),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1),
        ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400), ("Mon, 07 Nov 1994 08:49:36 GMT", 86_399),
        ("Mon, 07 Nov 1994 08:49:38 GMT", 86_400), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ])
    func `seconds and dates are read, and kept within a day`(value: String, seconds: Int) {
        #expect(RetryAfter.parse(value, now: Self.now) == .seconds(seconds))
    }

    @Test(arguments: [
        "", " ", "\t", "-1", "-0", "+1", "1.5", "1,5", "1e3", "0x10", "1 2", "soon", "30s", "30 seconds", "٣٠", "１０",
        "NaN",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37 +0000",
        "06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37 GMT, 120",
    ])
    func `anything else is not`(value: String) {
        #expect(RetryAfter.parse(value, now: Self.now) == nil)
    }
}
