import Testing

@testable import AMQP

struct ReconnectBackoffTests {
    @Test func `waits double from a tenth of a second up to ten`() {
        var backoff = ReconnectBackoff()
        let waits = (0..<9).map { _ in backoff.wait(random: 0) }
        #expect(waits == [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map(Duration.milliseconds))
        backoff.reset()
        #expect(backoff.wait(random: 0) == .milliseconds(100))
    }

    @Test func `only a connection that has lived for five seconds makes it begin again`() {
        var backoff = ReconnectBackoff()
        for wait in [100, 200, 400] {
            backoff.reset(afterLife: .milliseconds(4999))
            #expect(backoff.wait(random: 0) == .milliseconds(wait))
        }
        backoff.reset(afterLife: .seconds(5))
        #expect(backoff.wait(random: 0) == .milliseconds(100))
    }

    @Test(arguments: [0, 0.25, 0.5, 0.999])
    func `chance shortens a wait by at most half`(random: Double) {
        var backoff = ReconnectBackoff()
        for full in [100, 200, 400] {
            let wait = backoff.wait(random: random)
            #expect(wait <= .milliseconds(full))
            #expect(wait > .milliseconds(full / 2))
        }
    }
}
