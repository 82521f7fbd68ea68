import AMQP
import Glibc
import Messaging
import Testing

extension LoadTests {
    /// An endpoint gets its events in time beside others that do everything wrong, in the same host.
    @Suite
    struct WebhookNeighbourTests {
        private static let misdeeds = [
            "never", "drip", "drip-header", "endless-body", "endless-headers", "gzip-bomb", "garbage", "hang-up",
            "reset",
        ]
        /// Milliseconds. Below it what else the machine does weighs more than a neighbour.
        private static let floor = 50
        /// What else the machine does can only make a measurement worse, so one of several is enough.
        private static let rounds = 3
        private static let ticks = 300

        @Test func `an endpoint gets its events in time beside bad ones`() async throws {
            try await TestBed.use { bed in
                let good = try await bed.endpoint()
                let bad = try await bed.endpoint()
                try bed.deployWebhook("good", good.url("/ok"), keys: ["good"])
                for misdeed in Self.misdeeds {
                    try bed.deployWebhook(
                        misdeed,
                        bad.url("/\(misdeed)"),
                        keys: ["bad"],
                        """
                        timeout: 1s
                        breaker: { failures: 10000 }
                        retry: { maxAttempts: 100, backoff: { initial: 500ms, max: 500ms } }
                        """
                    )
                }
                let host = try await bed.startDelivering()
                _ = try await Self.percentile("warm", bed, good)
                let quiet = try await Self.percentile("quiet", bed, good)
                let events = (1...16).map { bed.event("{}", id: "bad-\($0)", key: "bad") }
                #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
                try await wait(for: "harm") {
                    Self.misdeeds.allSatisfy { !bad.requests("/\($0)").isEmpty }
                }
                var isKept = false
                for round in 1...Self.rounds where !isKept {
                    let loud = try await Self.percentile("loud-\(round)", bed, good)
                    print("p99 beside bad endpoints: \(loud) ms, without them \(quiet) ms")
                    isKept = loud <= max(2 * quiet, Self.floor)
                }
                #expect(isKept)
                let taken = good.requests.map(\.id)
                #expect(Set(taken).count == taken.count, "each of the neighbour's events arrived once")
                host.warren.end()
            }
        }

        /// Publishes at a steady pace, whatever becomes of what has been published.
        ///
        /// - Returns: the 99th percentile of milliseconds from publish to arrival.
        private static func percentile(_ name: String, _ bed: TestBed, _ endpoint: Endpoint) async throws -> Int {
            let begin = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for tick in 0..<self.ticks {
                    try await Task.sleep(until: begin + .milliseconds(tick * 10))
                    group.addTask {
                        try await bed.publish(bed.event("\(self.now())", id: "\(name)-\(tick)", key: "good"))
                    }
                }
                try await group.waitForAll()
            }
            let requests = try await endpoint.wait(for: "measurement \(name)", on: "/ok", within: .seconds(60)) {
                $0.count { $0.id.hasPrefix("\(name)-") } >= self.ticks
            }
            let times = requests.filter { $0.id.hasPrefix("\(name)-") }
                .compactMap { request in Int(request.text).map { request.milliseconds - $0 } }
                .sorted()
            try #require(times.count == self.ticks)
            return times[times.count * 99 / 100]
        }

        /// Milliseconds, on the clock that endpoints tell.
        private static func now() -> Int {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            return Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
        }
    }
}
