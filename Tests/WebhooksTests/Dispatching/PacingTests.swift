import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

/// A rate over simulated time.
struct PacingTests {
    private static let start = ContinuousClock.now

    /// When deliveries begin, where somebody always has one more and asks again when told to.
    ///
    /// - Parameter lateness: how late each timer is.
    private func deliveries(
        _ rate: DeliveryRate,
        for time: Duration,
        lateness: () -> Duration = { .zero }
    ) -> DeliveryTimes {
        var pacing = Pacing(rate)
        var now = Self.start
        var times = DeliveryTimes()
        while now < Self.start + time {
            if let wait = pacing.take(at: now) {
                now += wait + lateness()
            } else {
                times.times.append(now)
            }
        }
        return times
    }

    @Test(arguments: ["1/s", "7/s", "20/s", "49/s", "50/s", "51/s", "1000/s", "100/m", "600/h", "6/h"])
    func `the first delivery begins at once, and the next in its time`(text: String) throws {
        let rate = try DeliveryRate(text)
        var pacing = Pacing(rate)
        #expect(pacing.take(at: Self.start) == nil)
        let early = Int(Pacing.tolerance / rate.interval)
        for _ in 0..<early { #expect(pacing.take(at: Self.start) == nil) }
        let next = pacing.take(at: Self.start)
        let wait = try #require(next)
        #expect(wait > .zero && wait <= rate.interval * (early + 1))
        // To be refused counts for nothing, however often.
        #expect(pacing.take(at: Self.start) == wait)
        #expect(pacing.take(at: Self.start + wait) == nil)
    }

    @Test func `to look how long the next one has to wait counts for nothing`() throws {
        var pacing = Pacing(try DeliveryRate("1/s"))
        for _ in 0..<3 { #expect(pacing.wait(at: Self.start) == nil) }
        #expect(pacing.take(at: Self.start) == nil)
        let before = pacing
        #expect(pacing.wait(at: Self.start) == .seconds(1) - Pacing.tolerance)
        #expect(pacing == before)
    }

    @Test(arguments: ["1/s", "7/s", "50/s", "333/s", "1000/s", "100000/s", "100/m", "600/h", "6/h"], 1...5)
    func `a rate is never exceeded, whenever somebody asks`(text: String, seed: Int) throws {
        let rate = try DeliveryRate(text)
        var random = SeededGenerator(seed: UInt64(seed))
        var pacing = Pacing(rate)
        var now = Self.start
        var times = DeliveryTimes()
        while times.count < 2000 {
            if pacing.take(at: now) == nil { times.times.append(now) }
            // In a burst, a little later, or after a rest.
            switch Int.random(in: 0..<20, using: &random) {
            case 0: now += rate.interval * Double.random(in: 0...200, using: &random)
            case 1..<10: now += rate.interval * Double.random(in: 0...1, using: &random)
            default: break
            }
        }
        for window in [.seconds(1), rate.period, rate.interval * 10] {
            #expect(times.most(in: window) <= DeliveryTimes.allowance(rate, in: window), "in \(window)")
        }
    }

    @Test(arguments: ["1/s", "7/s", "49/s", "50/s", "51/s", "1000/s", "100/m", "6/h"])
    func `a rate is reached with timers that are in time, and is not exceeded`(text: String) throws {
        let rate = try DeliveryRate(text)
        let time = rate.period * 20
        let times = self.deliveries(rate, for: time)
        #expect(times.count >= rate.count * 20)
        #expect(times.count <= DeliveryTimes.allowance(rate, in: time))
        #expect(times.most(in: rate.period) <= DeliveryTimes.allowance(rate, in: rate.period))
    }

    /// That is what the tolerance is for.
    @Test(arguments: ["20/s", "50/s", "100/s", "333/s", "1000/s"], 1...3)
    func `a rate is reached with timers that are late by a few milliseconds`(text: String, seed: Int) throws {
        let rate = try DeliveryRate(text)
        var random = SeededGenerator(seed: UInt64(seed))
        let times = self.deliveries(rate, for: .seconds(60)) {
            .microseconds(Int.random(in: 500...5000, using: &random))
        }
        #expect(Double(times.count) >= Double(rate.count) * 60 * 0.99)
        #expect(times.most(in: .seconds(1)) <= DeliveryTimes.allowance(rate, in: .seconds(1)))
    }

    @Test func `nothing is saved up in a rest`() throws {
        let rate = try DeliveryRate("10/s")
        var pacing = Pacing(rate)
        #expect(pacing.take(at: Self.start) == nil)
        let later = Self.start + .seconds(3600)
        #expect(pacing.take(at: later) == nil)
        let next = pacing.take(at: later)
        let wait = try #require(next)
        #expect(wait >= .milliseconds(100) - Pacing.tolerance && wait <= .milliseconds(100))
    }
}
