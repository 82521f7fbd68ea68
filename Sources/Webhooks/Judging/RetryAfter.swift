import Messaging

/// Parses how long an endpoint asks the sender to wait. Source: RFC 9110, section 10.2.3.
package enum RetryAfter {
    /// The bounds to which a time in the past or far in the future is clamped.
    package static let bounds = Duration.seconds(1)...Duration.seconds(86_400)

    /// - Parameters:
    ///   - value: the header's value: whole seconds, or a date.
    ///   - now: the current time in seconds since 1970.
    /// - Returns: the wait, clamped to `bounds`; `nil` if the value is neither, for example a negative number.
    package static func parse(_ value: String, now: Int64) -> Duration? {
        let value = value.trimmed
        guard !value.isEmpty else { return nil }
        if value.utf8.allSatisfy(\.isDecimalDigit) {
            // A number that overflows is more than a day, too.
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
