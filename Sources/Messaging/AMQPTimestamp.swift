/// A moment as AMQP carries it: seconds since 1970 (AMQP 0-9-1, section 4.2.5.4).
///
/// Many publishers write milliseconds, which as seconds would be in the year 58054. So a number that makes no sense as
/// seconds but does as milliseconds is read as milliseconds. Microseconds and nanoseconds make sense as neither: nobody
/// can tell them from a mistake, so they are not read as a time.
package struct AMQPTimestamp: Sendable, Hashable {
    /// The unit in which the publisher has counted.
    package enum Unit: Sendable, Hashable {
        case seconds
        case milliseconds
    }

    /// Since 1970, and before the year 10000, which RFC 3339 cannot write.
    package let milliseconds: Int64
    package let unit: Unit

    /// As seconds this is the year 5138, as milliseconds March 3, 1973.
    private static let leastMilliseconds: UInt64 = 100_000_000_000
    /// The end of the year 9999.
    private static let lastMillisecond: UInt64 = 253_402_300_799_999

    /// `nil` when the number is not a time.
    package init?(_ value: UInt64) {
        guard value <= Self.lastMillisecond else { return nil }
        self.unit = value < Self.leastMilliseconds ? .seconds : .milliseconds
        self.milliseconds = self.unit == .seconds ? Int64(value) * 1000 : Int64(value)
    }
}
