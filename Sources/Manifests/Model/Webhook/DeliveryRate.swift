/// The most deliveries that a host begins within a period, written `50/s`, `100/m` or `600/h`.
///
/// They are spread evenly. Each host counts its own: two hosts with `50/s` deliver up to 100 a second.
package struct DeliveryRate: Sendable, Hashable {
    /// The bounds of a rate's number.
    package static let allowedCount = 1...100_000
    /// The longest time between two deliveries: an event that waits for its turn is unsettled, and the broker takes an
    /// event back that is not settled within its consumer timeout of 30 minutes.
    package static let longestInterval = Duration.seconds(600)

    /// Examples for remedies.
    static let examples = "50/s, 100/m or 600/h"

    package enum Problem: Error, Equatable, CustomStringConvertible {
        case notARate(String)
        case tooSlow

        package var description: String {
            switch self {
            case .notARate(let text): "\(text.quoted) is not a whole number from 1 to 100000 followed by /s, /m or /h"
            case .tooSlow: "less than one delivery in ten minutes leaves events unsettled for too long"
            }
        }

        var remedy: String {
            switch self {
            case .notARate: "write it as \(DeliveryRate.examples)"
            case .tooSlow: "raise it to 6/h or more"
            }
        }
    }

    package let count: Int
    package let period: Duration

    package init(_ text: String) throws(Problem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let periods: [Substring: Duration] = ["s": .seconds(1), "m": .seconds(60), "h": .seconds(3600)]
        guard parts.count == 2, parts[0].allSatisfy({ $0.isASCII && $0.isNumber }), !parts[0].hasPrefix("0"),
            let count = Int(parts[0]), Self.allowedCount.contains(count), let period = periods[parts[1]]
        else { throw .notARate(text) }
        self.count = count
        self.period = period
        guard self.interval <= Self.longestInterval else { throw .tooSlow }
    }

    /// The time from one delivery to the next.
    package var interval: Duration { self.period / self.count }

    /// How many deliveries begin in a minute, but at least one: the host need not hold more events ready.
    var perMinute: Int { Swift.max(1, Int(.seconds(60) / self.interval)) }
}
