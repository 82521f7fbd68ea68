import AMQP
import Glibc
import Messaging
import Testing
import Waiting

/// How many deliveries there are at a time, how fast, and in which order; and what becomes of them when the host ends.
@Suite(.hangGuard)
struct PaceTests {
    @Test func `a rate is never exceeded`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), "rate: 20/s\nconcurrency: 2")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...40).map { "e-\($0)" }, "{}")
            let requests = try await endpoint.requests(40, on: "/ok")
            #expect(Set(requests.map(\.id)) == confirmed)
            // In any window there are those that were on their way when it began, at most as many as run at once, and
            // those that were sent in it: one for each interval, 20 ms of which may be made up for. Requests that the
            // endpoint reads late, on a busy machine, are among the former. Clocks that are cut to milliseconds take
            // one.
            let times = requests.map(\.milliseconds)
            for first in times.indices {
                for last in first..<times.endIndex {
                    let window = times[last] - times[first]
                    let most = 2 + (window + 1 + 20 + 49) / 50
                    #expect(last - first + 1 <= most, "from \(first) to \(last) in \(window) ms")
                }
            }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `what waits for its turn goes back to the queue when the host drains`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/ok"), "rate: 6/h")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...10).map { "e-\($0)" }, "{}")
            try await endpoint.requests(1, on: "/ok")
            #expect(try await host.stop() == 0)
            let taken = Set(endpoint.requests.map(\.id))
            let ledger = try await bed.ledger(confirmed: confirmed, handled: taken, function: "crm")
            ledger.expectBalance()
            #expect(taken.count == 1 && ledger.queued.count == 9 && ledger.dead.isEmpty)
        }
    }

    @Test func `what is under way is let end when the host drains`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/slow/700"), "concurrency: 4")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...20).map { "e-\($0)" }, "{}")
            try await endpoint.requests(4, on: "/slow/700")
            #expect(try await host.stop() == 0)
            let requests = endpoint.requests
            #expect(Set(requests.map(\.id)).count == requests.count, "none is delivered twice")
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: Set(requests.map(\.id)),
                function: "crm"
            )
            ledger.expectBalance()
            #expect(ledger.queued.isDisjoint(with: ledger.handled), "what was taken has been acknowledged")
        }
    }

    @Test func `a host that is killed loses nothing`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/slow/20"), "concurrency: 16")
            let first = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...1000).map { "e-\($0)" }, "{}")
            try await endpoint.requests(100, on: "/slow/20")
            first.warren.end()
            let second = try await bed.startDelivering()
            try await endpoint.wait(for: "the rest", on: "/slow/20") { Set($0.map(\.id)) == confirmed }
            #expect(try await second.stop() == 0)
            let requests = endpoint.requests
            #expect(requests.count - confirmed.count <= 16 + 48, "twice is at most what was on its way")
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: Set(requests.map(\.id)),
                function: "crm"
            )
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.dead.isEmpty)
        }
    }

    @Test func `in order means that a failing event holds up those behind it`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook(
                "crm",
                endpoint.url("/fail-first/2"),
                "ordered: true\nretry: { maxAttempts: 3, backoff: { initial: 100ms, multiplier: 1, jitter: 0 } }"
            )
            let host = try await bed.startDelivering()
            let ids = (1...5).map { "e-\($0)" }
            for id in ids { try await bed.publish(bed.event("{}", id: id)) }
            let requests = try await endpoint.requests(15, on: "/fail-first/2")
            #expect(requests.map(\.id) == ids.flatMap { [$0, $0, $0] })
            #expect(try await host.stop() == 0)
            #expect(try await bed.drainQueue(bed.deadLetters("crm")).isEmpty)
        }
    }
}
