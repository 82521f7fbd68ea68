import Messaging

/// How long an endpoint asks to be left alone. Source: RFC 9110, section 10.2.3.
package enum RetryAfter {
    /// What is made of a time that is over, or far away.
    package static let bounds = Duration.seconds(1)...Duration.seconds(86_400)

    /// - Parameters:
    ///   - value: of the header: whole seconds, or a date.
    ///   - now: seconds since 1970.
    /// - Returns: the time, within the bounds; nothing for what is neither, a negative number among it.
    package static func parse(_ value: String, now: Int64) -> Duration? {
        let value = value.trimmed
        guard !value.isEmpty else { return nil }
        if value.utf8.allSatisfy(\.isDecimalDigit) {
            // More digits than can be counted are more than a day, too.
            return self.clamped(Int64(value) ?? .max)
        }
        return HTTPDate.seconds(value).map { self.clamped($0 - now) }
    }

    private static func clamped(_ seconds: Int64) -> Duration {
        let longest = self.bounds.upperBound.components.seconds
        return .seconds(min(max(seconds, self.bounds.lowerBound.components.seconds), longest))
    }
}

extension String {
    fileprivate var trimmed: String {
        let blanks: Set<Character> = [" ", "\t"]
        let start = self.drop { blanks.contains($0) }
        return String(start.reversed().drop { blanks.contains($0) }.reversed())
    }
}
