/// Converts between calendar dates and days since 1970, and writes times as CloudEvents and logs do (RFC 3339, which
/// knows the years 0 to 9999). Always in UTC.
///
/// Source: the proleptic Gregorian calendar repeats itself every 400 years, which have 146097 days. Years are counted
/// from March, so that a leap day is the last day of its year.
package enum CivilDate {
    private static let daysOfEra: Int64 = 146_097
    private static let secondsOfDay: Int64 = 86_400
    /// Days from March 1 of the year 0 to January 1, 1970.
    private static let daysBefore1970: Int64 = 719_468

    package static func days(year: Int64, month: Int, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = year.quotientRoundedDown(by: 400)
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * self.daysOfEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - self.daysBefore1970
    }

    package static func length(ofMonth month: Int, year: Int64) -> Int64 {
        let next =
            month == 12 ? self.days(year: year + 1, month: 1, day: 1) : self.days(year: year, month: month + 1, day: 1)
        return next - self.days(year: year, month: month, day: 1)
    }

    /// `2026-01-31T12:00:00.250Z`.
    ///
    /// - Parameters:
    ///   - milliseconds: since 1970.
    ///   - alwaysWithFraction: whether whole seconds get a fraction too, so that all texts have the same length.
    package static func text(milliseconds: Int64, alwaysWithFraction: Bool = false) -> String {
        let (seconds, rest) = milliseconds.quotientRoundedDown(by: 1000)
        let text = self.text(seconds: seconds)
        guard rest > 0 || alwaysWithFraction else { return text }
        return text.dropLast() + ".\(self.padded(rest, to: 3))Z"
    }

    /// `2026-01-31T12:00:00Z`.
    package static func text(seconds: Int64) -> String {
        let (days, rest) = seconds.quotientRoundedDown(by: self.secondsOfDay)
        let (era, dayOfEra) = (days + self.daysBefore1970).quotientRoundedDown(by: self.daysOfEra)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ number: Int64) -> String { self.padded(number, to: 2) }
        let date = "\(self.padded(year, to: 4))-\(two(month))-\(two(day))"
        return "\(date)T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension Int64 {
    /// The quotient rounded towards negative infinity, and the remainder, which is never negative.
    fileprivate func quotientRoundedDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
