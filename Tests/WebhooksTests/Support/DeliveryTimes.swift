import Manifests

@testable import Webhooks

/// When deliveries began.
struct DeliveryTimes {
    var times: [ContinuousClock.Instant] = []

    var count: Int { self.times.count }

    /// The most that began in any window of this length.
    func most(in window: Duration) -> Int {
        var (most, first) = (0, 0)
        for (last, time) in self.times.enumerated() {
            while self.times[first] <= time - window { first += 1 }
            most = max(most, last - first + 1)
        }
        return most
    }

    /// What may begin in any window: as many as the rate gives, and those that the tolerance lets begin early.
    static func allowance(_ rate: DeliveryRate, in window: Duration) -> Int {
        Int(((window + Pacing.tolerance) / rate.interval).rounded(.up))
    }
}
