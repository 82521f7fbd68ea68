import Invoking
import Manifests
import Testing

/// How long a delivery is tried.
struct ScheduleTests {
    private func waits(_ policy: RetryPolicy, random: Double) -> [Duration] {
        (1..<policy.maxAttempts).map { policy.backoff.delay(afterAttempt: $0, random: random) }
    }

    @Test func `the ten attempts of a webhook are spread over three days`() throws {
        let policy = try WebhookManifest.test().retry
        let waits = self.waits(policy, random: 0)
        // They are multiplied as numbers with fractions: exact to the millisecond.
        let seconds = waits.map { ($0 / .milliseconds(1)).rounded() / 1000 }
        #expect(seconds == [5, 25, 125, 625, 3125, 15_625, 78_125, 86_400, 86_400])
        let total = waits.reduce(.zero, +)
        #expect(total >= .seconds(72 * 3600) && total <= .seconds(80 * 3600))
        let longest = self.waits(policy, random: 1).reduce(.zero, +)
        #expect(longest > total && longest <= total * 1.2 + .milliseconds(1))
    }
}
