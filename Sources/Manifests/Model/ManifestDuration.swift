/// The notation of durations in manifests and on the command line: `250ms`, `10s`, `5m`, `2h`, `3d`.
package enum ManifestDuration {
    /// Examples for remedies.
    package static let examples = "250ms, 10s, 5m, 2h or 3d"

    /// Why a text is not a duration.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case empty
        /// A number without a unit: nobody can tell seconds from milliseconds.
        case unitMissing
        case unitUnknown(String)
        /// It does not begin with a digit, or holds something other than plain digits before the unit: a sign, a
        /// fraction, a space, a leading zero.
        case notAnInteger(String)
        /// More seconds or milliseconds than 64 bits can count.
        case tooLong

        package var description: String {
            switch self {
            case .empty: "the duration is empty"
            case .unitMissing: "the duration has no unit"
            case .unitUnknown(let unit): "the duration has the unknown unit \(unit.quoted)"
            case .notAnInteger(let text): "\(text.quoted) is not a whole number directly followed by a unit"
            case .tooLong: "the duration is too long to be counted"
            }
        }
    }

    /// Reads a whole number followed by its unit, without spaces. Zero is accepted; the caller decides whether it is
    /// allowed.
    package static func parse(_ text: String) throws(Problem) -> Duration {
        guard !text.isEmpty else { throw .empty }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = String(text.dropFirst(digits.count))
        guard !digits.isEmpty, digits == "0" || !digits.hasPrefix("0") else { throw .notAnInteger(text) }
        guard !unit.isEmpty else { throw .unitMissing }
        guard unit.allSatisfy({ $0.isASCII && $0.isLetter }) else { throw .notAnInteger(text) }

        let seconds: Int64
        switch unit {
        case "ms":
            guard let milliseconds = Int64(digits) else { throw .tooLong }
            return .milliseconds(milliseconds)
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        default: throw .unitUnknown(unit)
        }
        guard let count = Int64(digits) else { throw .tooLong }
        let (total, overflow) = count.multipliedReportingOverflow(by: seconds)
        guard !overflow else { throw .tooLong }
        return .seconds(total)
    }

    /// The shortest exact notation, as a user would write it; fractions of a millisecond are dropped.
    package static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        guard milliseconds == 0 else { return "\(Int128(seconds) * 1000 + Int128(milliseconds))ms" }
        guard seconds != 0 else { return "0s" }
        for (unit, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)] where seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
