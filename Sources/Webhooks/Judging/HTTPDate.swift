import Messaging

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`. The two obsolete forms are not read. Source: RFC 9110,
/// section 5.6.7.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970; nothing when it is no such date.
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

/// Days of the calendar and days since 1970, both ways.
///
/// Source: the proleptic Gregorian calendar repeats itself every 400 years, which have 146097 days. Years are counted from
/// March, so that the day that some years have more is their last.
enum CivilDate {
    static func days(year: Int64, month: Int, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func length(ofMonth month: Int, year: Int64) -> Int64 {
        let next =
            month == 12 ? self.days(year: year + 1, month: 1, day: 1) : self.days(year: year, month: month + 1, day: 1)
        return next - self.days(year: year, month: month, day: 1)
    }

    /// `2026-01-31T12:00:00.250Z`, and without a fraction where there is none.
    ///
    /// - Parameter milliseconds: since 1970, not negative.
    static func text(milliseconds: Int64) -> String {
        let text = self.text(seconds: milliseconds / 1000)
        let rest = milliseconds % 1000
        guard rest > 0 else { return text }
        return text.dropLast() + ".\(String(repeating: "0", count: rest < 10 ? 2 : rest < 100 ? 1 : 0))\(rest)Z"
    }

    /// `2026-01-31T12:00:00Z`, as CloudEvents writes times (RFC 3339).
    static func text(seconds: Int64) -> String {
        let days = seconds / 86_400
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let rest = seconds - days * 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }
}
