import Messaging
import Testing

@Suite struct DurationWordsTests {
    @Test(arguments: [
        (Duration.zero, "0 s"), (.milliseconds(219), "219 ms"), (.seconds(3), "3 s"), (.milliseconds(1500), "1.5 s"),
        (.seconds(120), "2 min"), (.seconds(125), "2 min 5 s"), (.seconds(3600), "1 h"), (.microseconds(850), "850 µs"),
        (.nanoseconds(40), "40 ns"), (.seconds(900), "15 min"), (.seconds(5400), "1 h 30 min"),
        (.seconds(86_400), "1 d"), (.seconds(3 * 86_400 + 4 * 3600), "3 d 4 h"), (.seconds(310 * 86_400), "310 d"),
    ])
    func `a duration is told in the units that people use`(_ duration: Duration, _ words: String) {
        #expect(duration.words == words)
    }

    @Test(arguments: [
        (Duration.nanoseconds(219_123_456), "219 ms"), (.nanoseconds(22_736_000), "22.7 ms"),
        (.microseconds(1234), "1.23 ms"), (.microseconds(1004), "1 ms"), (.microseconds(10_040), "10 ms"),
        (.milliseconds(59_940), "59.9 s"), (.milliseconds(125_400), "2 min 5 s"), (.seconds(3725), "1 h 2 min"),
        (.seconds(86_400 + 3600 + 1700), "1 d 1 h"), (.nanoseconds(1) / 1000, "0 s"),
    ])
    func `no more than three digits matter, and no more than two units`(_ duration: Duration, _ words: String) {
        #expect(duration.words == words)
    }

    @Test(arguments: [
        (Duration.microseconds(999_600), "1 s"), (.nanoseconds(999_600), "1 ms"), (.microseconds(9996), "10 ms"),
        (.microseconds(99_960), "100 ms"), (.milliseconds(59_960), "1 min"), (.milliseconds(119_600), "2 min"),
        (.milliseconds(3_599_600), "1 h"), (.seconds(86_399), "1 d"), (.seconds(2 * 86_400 - 1), "2 d"),
    ])
    func `what is rounded up to a larger unit is told in that one`(_ duration: Duration, _ words: String) {
        #expect(duration.words == words)
    }

    @Test(arguments: [
        (Duration.milliseconds(-219), "-219 ms"), (.seconds(-125), "-2 min 5 s"), (.nanoseconds(-1) / 1000, "0 s"),
        (.seconds(Int64.max), "106751991167300 d 16 h"), (.seconds(Int64.min), "-106751991167300 d 16 h"),
    ])
    func `a negative duration has a sign, and the longest ones are told as well`(_ duration: Duration, _ words: String)
    {
        #expect(duration.words == words)
    }
}
