import EventLoops
import Testing

struct SteadyInstantTests {
    private static let start = SteadyInstant(nanoseconds: 5_000_000_000)

    @Test func `what is added is what has passed`() {
        for duration in [Duration.zero, .nanoseconds(1), .milliseconds(1500), .seconds(86_400), .seconds(-3)] {
            #expect(Self.start.duration(to: Self.start + duration) == duration)
            #expect(Self.start + duration - duration == Self.start)
            #expect((Self.start + duration < Self.start) == (duration < .zero))
        }
        #expect(Self.start + Duration.nanoseconds(0.5) == Self.start, "less than a nanosecond is nothing")
    }

    @Test func `what is beyond the end of time is the end of time`() {
        let end = Self.start + .seconds(Int64.max)
        #expect(end == SteadyInstant(nanoseconds: .max))
        #expect(end + .nanoseconds(1) == end && end + .seconds(1) == end)
        #expect(Self.start + .seconds(Int64.min) == SteadyInstant(nanoseconds: .min))
        #expect(SteadyInstant(nanoseconds: .min).duration(to: end) == Duration.nanoseconds(Int64.max))
        #expect(end.duration(to: SteadyInstant(nanoseconds: .min)) == Duration.nanoseconds(Int64.min))
    }

    @Test func `it goes forward, at the pace of the continuous clock`() {
        let before = SteadyInstant.now
        let instant = SteadyInstant(ContinuousClock.now + .seconds(3600))
        let after = SteadyInstant.now
        #expect(before <= after)
        #expect(before + .seconds(3599) < instant && instant < after + .seconds(3601))
    }
}
