import AMQP
import Glibc
import Messaging
import Testing
import Waiting

extension LoadTests {
    /// An endpoint gets its events in time beside others that do everything wrong, in the same host.
    @Suite
    struct WebhookNeighbourTests {
        private static let misdeeds = [
            "never", "drip", "drip-header", "endless-body", "endless-headers", "gzip-bomb", "garbage", "hang-up",
            "reset",
        ]
        private static let ticks = 100

        @Test func `an endpoint gets its events in time beside bad ones`() async throws {
            try await TestBed.use { apart in
                let far = try await apart.endpoint()
                try apart.deployWebhook("good", far.url("/ok"), keys: ["good"])
                _ = try await apart.startDelivering()
                try await TestBed.use { bed in try await Self.measure(bed, (apart, far)) }
            }
        }

        private static func measure(_ bed: TestBed, _ other: (bed: TestBed, endpoint: Endpoint)) async throws {
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
            _ = try await bed.startDelivering()
            func compare(_ name: String) async throws -> Comparison {
                async let far = Self.times(name, other.bed, other.endpoint)
                async let near = Self.times(name, bed, good)
                return try await Comparison(near: near, far: far)
            }
            _ = try await compare("warm")
            let events = (1...16).map { bed.event("{}", id: "bad-\($0)", key: "bad") }
            #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
            try await wait(for: "harm") {
                Self.misdeeds.allSatisfy { !bad.requests("/\($0)").isEmpty }
            }
            try await LoadTests.expectFair(
                "bad endpoints",
                harm: { bad.requests.count },
                measure: { try await compare("loud-\($0)") }
            )
            let taken = good.requests.map(\.id)
            #expect(Set(taken).count == taken.count, "each of the neighbour's events arrived once")
        }

        /// Publishes at a steady pace, whatever becomes of what has been published.
        ///
        /// - Returns: the milliseconds from publish to arrival of every event.
        private static func times(_ name: String, _ bed: TestBed, _ endpoint: Endpoint) async throws -> [Double] {
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
            let requests = try await endpoint.wait(for: "measurement \(name)", on: "/ok") {
                $0.count { $0.id.hasPrefix("\(name)-") } >= self.ticks
            }
            let times = requests.filter { $0.id.hasPrefix("\(name)-") }
                .compactMap { request in Int(request.text).map { Double(request.milliseconds - $0) } }
            try #require(times.count == self.ticks)
            return times
        }

        /// Milliseconds, on the clock that endpoints tell.
        private static func now() -> Int {
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            return Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
        }
    }
}
