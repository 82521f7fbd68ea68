import Messaging

/// Parses a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete formats are not supported.
/// Source: RFC 9110, section 5.6.7.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The date in seconds since 1970; `nil` if the text is not such a date.
    static func seconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
            let day = self.number(words[1], 1...31), let month = self.months.firstIndex(of: String(words[2])),
            let year = self.number(words[3], 1970...9999)
        else { return nil }
        let clock = words[4].split(separator: ":")
        guard clock.count == 3, let hour = self.number(clock[0], 0...23), let minute = self.number(clock[1], 0...59),
            let second = self.number(clock[2], 0...60)
        else { return nil }
        guard day <= CivilDate.length(ofMonth: month + 1, year: year) else { return nil }
        let days = CivilDate.days(year: year, month: month + 1, day: day)
        return ((days * 24 + hour) * 60 + minute) * 60 + second
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
        guard text.utf8.allSatisfy(\.isDecimalDigit), let number = Int64(text),
            range.contains(number)
        else { return nil }
        return number
    }
}
