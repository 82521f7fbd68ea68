/// The route of one message through the delay levels to a queue.
///
/// A delay is a sum of levels: level n holds a message for 100 ms × 2^n. The routing key names the levels as 28 binary
/// digits, highest first. Each level's exchange looks at its own digit, and sends the message into its queue (1) or to
/// the next lower level (0). Each queue has a single time to live, so no message waits behind another.
package struct DelayRoute: Sendable, Equatable {
    /// How a delay is rounded.
    package enum Precision: Sendable {
        /// Rounded up to 100 ms.
        case exact
        /// Rounded up to the next sum of at most four levels: at most four hops, and at most a fifteenth late (6.67 %,
        /// just above 15 units of a level, where the next such sum is 16), plus 100 ms. Beyond 291 days there is no
        /// such sum to round up to, so a longer delay is exact and takes more hops.
        case fourHops
    }

    package static let levels = 28
    /// One unit of delay.
    package static let unit = Duration.milliseconds(100)
    /// 310 days, 16 hours: every digit set.
    package static let longest = Self.unit * ((1 << Self.levels) - 1)

    /// The level at which the message enters: the highest digit that is set.
    package let highestLevel: Int
    /// 28 digits and the destination, joined by dots.
    package let routingKey: String

    /// Delays below 100 ms become 100 ms; delays beyond `longest` become `longest`.
    package init(_ delay: Duration, to queue: String, precision: Precision) {
        var units = Self.units(delay)
        if precision == .fourHops { units = Self.rounded(units) }
        self.highestLevel = units.bitWidth - 1 - units.leadingZeroBitCount
        let digits = (0..<Self.levels).reversed().map { units >> UInt32($0) & 1 == 1 ? "1" : "0" }
        self.routingKey = digits.joined(separator: ".") + "." + queue
    }

    private static func units(_ delay: Duration) -> UInt32 {
        guard delay > self.unit else { return 1 }
        guard delay < self.longest else { return 1 << UInt32(self.levels) - 1 }
        let (seconds, attoseconds) = delay.components
        let unit: Int64 = 100_000_000_000_000_000
        return UInt32(seconds * 10 + (attoseconds + unit - 1) / unit)
    }

    /// The smallest number that is not below `units` and has at most four ones in binary. Adding the lowest one rounds
    /// up to the next number with fewer digits in use, and no number in between has fewer ones.
    private static func rounded(_ units: UInt32) -> UInt32 {
        var rounded = units
        while rounded.nonzeroBitCount > 4 { rounded += 1 << UInt32(rounded.trailingZeroBitCount) }
        return rounded < 1 << UInt32(self.levels) ? rounded : units
    }

    /// The binding pattern by which a queue gets the messages that come out of a delay for it: exactly its own name
    /// behind 28 digits, so that a queue whose name ends like another's gets none of the other's messages.
    package static func pattern(for queue: String) -> String {
        String(repeating: "*.", count: self.levels) + queue
    }

    /// The binding pattern by which a level's exchange tests its own digit.
    static func pattern(level: Int, digit: Character) -> String {
        String(repeating: "*.", count: self.levels - 1 - level) + "\(digit).#"
    }
}
