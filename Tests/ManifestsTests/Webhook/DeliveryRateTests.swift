import Manifests
import Testing

struct DeliveryRateTests {
    @Test(
        arguments: [
            ("50/s", 50, .seconds(1), .milliseconds(20)), ("1/s", 1, .seconds(1), .seconds(1)),
            ("100000/s", 100_000, .seconds(1), .microseconds(10)), ("100/m", 100, .seconds(60), .milliseconds(600)),
            ("1/m", 1, .seconds(60), .seconds(60)), ("600/h", 600, .seconds(3600), .seconds(6)),
            ("6/h", 6, .seconds(3600), .seconds(600)),
        ] as [(String, Int, Duration, Duration)]
    )
    func `a rate is a number in a time`(text: String, count: Int, period: Duration, interval: Duration) throws {
        let rate = try DeliveryRate(text)
        #expect(rate.count == count)
        #expect(rate.period == period)
        #expect(rate.interval == interval)
    }

    @Test(arguments: [
        "0/s", "-1/s", "+1/s", "1.5/s", "01/s", "1e3/s", "1_000/s", "100001/s", "99999999999999999999/s", "٥/s", "50/d",
        "50/S", "50/sec", "50/ms", "50 /s", "50/ s", " 50/s", "50/s ", "50/s/s", "50", "50/", "/s", "/", "", "s/50",
        "50s",
        "5,0/s", "0x5/s",
    ])
    func `anything else is no rate`(text: String) {
        #expect(throws: DeliveryRate.Problem.notARate(text)) { try DeliveryRate(text) }
    }

    @Test(arguments: ["5/h", "1/h"])
    func `an event must not wait longer than the broker lets it`(text: String) {
        #expect(throws: DeliveryRate.Problem.tooSlow) { try DeliveryRate(text) }
    }
}
