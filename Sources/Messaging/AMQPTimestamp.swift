/// A moment as AMQP carries it: seconds since 1970 (AMQP 0-9-1, section 4.2.5.4).
///
/// Many publishers write milliseconds, which as seconds would be in the year 58054. So a number that is no sensible
/// count of seconds and a sensible count of milliseconds is read as milliseconds. Microseconds and nanoseconds are none
/// of both: nobody can tell them from a mistake, and they are no time.
package struct AMQPTimestamp: Sendable, Hashable {
    /// What the publisher has counted.
    package enum Unit: Sendable, Hashable {
        case seconds
        case milliseconds
    }

    /// Since 1970, and before the year 10000, which RFC 3339 cannot write.
    package let milliseconds: Int64
    package let unit: Unit

    /// As seconds the year 5138, as milliseconds the third of March 1973.
    private static let leastMilliseconds: UInt64 = 100_000_000_000
    /// The end of the year 9999.
    private static let lastMillisecond: UInt64 = 253_402_300_799_999

    /// Nil when it is no time.
    package init?(_ value: UInt64) {
        guard value <= Self.lastMillisecond else { return nil }
        self.unit = value < Self.leastMilliseconds ? .seconds : .milliseconds
        self.milliseconds = self.unit == .seconds ? Int64(value) * 1000 : Int64(value)
    }
}
