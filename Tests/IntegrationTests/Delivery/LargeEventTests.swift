import AMQP
import Glibc
import Messaging
import Testing
import Waiting

/// Events of some megabytes each.
@Suite(.hangGuard)
struct LargeEventTests {
    @Test func `what a host holds of large events is bounded, and none of them is lost`() async throws {
        try await TestBed.use { bed in
            // 60 s and more are prefetched once: as many events as may run.
            try bed.deploy("hang", "concurrency: 60\ntimeout: 10m")
            let first = try await bed.startHost()
            let idle = first.facts.peakKiB
            #expect(try await first.stop() == 0)
            let body = "\"" + String(repeating: "x", count: 4 << 20) + "\""
            let confirmed = await bed.publish(ids: (1...60).map { "e-\($0)" }, body)
            #expect(confirmed.count == 60)
            let host = try await bed.startHost()
            try await host.says("takes fewer events ahead, because they are large")
            let queue = bed.queue("hang")
            try await wait(for: "most of them to be back in the queue") {
                try await bed.broker.inspect(queue: queue)?.readyMessages ?? 0 >= 30
            }
            // 64 MiB may be held, half as much comes while those run, and a turn reads 8 MiB.
            let peak = host.facts.peakKiB - idle
            #expect(
                peak < 200 << 10,
                "all of them would be 240 MiB, and as much again on their way to the worker: \(peak) KiB"
            )
            host.warren.signal(SIGKILL)
            _ = try await host.warren.exit()
            try await wait(for: "all to be in the queue") {
                try await bed.broker.inspect(queue: queue)?.readyMessages == 60
            }
            #expect(Set(try await bed.drainQueue(queue).map(\.id)) == confirmed)
        }
    }
}
