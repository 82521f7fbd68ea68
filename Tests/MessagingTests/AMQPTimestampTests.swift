import Messaging
import Testing

struct AMQPTimestampTests {
    @Test(
        arguments: [(0, 0), (1_700_000_000, 1_700_000_000_000), (99_999_999_999, 99_999_999_999_000)]
            as [(UInt64, Int64)]
    )
    func `a number of seconds is one`(value: UInt64, milliseconds: Int64) {
        #expect(AMQPTimestamp(value)?.milliseconds == milliseconds)
        #expect(AMQPTimestamp(value)?.unit == .seconds)
    }

    @Test(arguments: [100_000_000_000, 1_700_000_000_123, 253_402_300_799, 253_402_300_799_999] as [UInt64])
    func `what is no sensible number of seconds is read as milliseconds`(value: UInt64) {
        #expect(AMQPTimestamp(value)?.milliseconds == Int64(value))
        #expect(AMQPTimestamp(value)?.unit == .milliseconds)
    }

    @Test(arguments: [253_402_300_800_000, 1_700_000_000_000_000, 1_700_000_000_000_000_000, .max] as [UInt64])
    func `microseconds, nanoseconds and what is beyond all times are no time`(value: UInt64) {
        #expect(AMQPTimestamp(value) == nil)
    }
}
