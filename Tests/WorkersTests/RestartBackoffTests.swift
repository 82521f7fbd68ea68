import Testing

@testable import Workers

struct RestartBackoffTests {
    @Test func `each wait is twice the one before, up to half a minute, and a reset begins anew`() {
        var backoff = RestartBackoff()
        let waits = (0..<11).map { _ in backoff.wait(random: 0) }
        let milliseconds = [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]
        #expect(waits == milliseconds.map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.wait(random: 0) == .milliseconds(100))
    }

    @Test func `chance lengthens a wait by a fifth at most`() {
        for random in [0.0, 0.3, 0.999] {
            var backoff = RestartBackoff()
            let wait = backoff.wait(random: random)
            #expect(wait >= .milliseconds(100) && wait < .milliseconds(120))
        }
    }
}
