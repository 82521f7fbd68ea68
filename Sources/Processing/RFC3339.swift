/// Timestamps as CloudEvents wants them: RFC 3339 in UTC with milliseconds.
enum RFC3339 {
    static func text(milliseconds: Int64) -> String {
        let day: Int64 = 86_400_000
        var days = milliseconds / day
        var rest = milliseconds % day
        if rest < 0 {
            rest += day
            days -= 1
        }
        let (year, month, date) = self.civil(days)
        let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { self.padded($0, 2) }
        return "\(self.padded(year, 4))-\(self.padded(month, 2))-\(self.padded(date, 2))T"
            + "\(time.joined(separator: ":")).\(self.padded(rest % 1000, 3))Z"
    }

    /// Days since 1970 as a date of the Gregorian calendar: years are counted from March, so that the leap day ends
    /// one, in eras of 400 years, which all have 146,097 days.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
