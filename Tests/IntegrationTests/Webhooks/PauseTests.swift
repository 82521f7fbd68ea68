import AMQP
import BrokerConformance
import Glibc
import Messaging
import Testing
import Waiting

/// An endpoint that asks to be left alone is, and no event suffers for it.
@Suite(.hangGuard)
struct PauseTests {
    @Test func `410 pauses the webhook; its events wait unharmed until the operator asks for another try`()
        async throws
    {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let answer = "\(bed.directory)/answer"
            try bed.tell(answer, "410")
            // One attempt: if any were burned, the event would be dead.
            try bed.deployWebhook("crm", endpoint.url("/file/\(answer.segment)"), "retry: { maxAttempts: 1 }")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...50).map { "e-\($0)" }, "{}")
            let log = try await host.wait(for: "a pause") { log in
                log.contains { $0.message == "paused" && $0["webhook"] == "crm" }
            }
            let pause = try #require(log.first { $0.message == "paused" })
            #expect(pause["reason"]?.contains("410 Gone") == true && pause["reason"]?.contains("SIGHUP") == true)
            try await wait(for: "all events to wait") {
                let inspection = try await bed.broker.inspect(queue: bed.queue("crm"))
                return inspection?.readyMessages == 50 && inspection?.consumers == 0
            }
            let before = endpoint.requests.count
            #expect(before <= 8, "no more than were in flight")

            try bed.tell(answer, "204")
            host.warren.signal(SIGHUP)
            try await endpoint.requests(before + 50, on: "/file/\(answer.segment)")
            #expect(try await host.stop() == 0)
            let taken = Set(endpoint.requests.dropFirst(before).map(\.id))
            let ledger = try await bed.ledger(confirmed: confirmed, handled: taken, function: "crm")
            ledger.expectBalance()
            #expect(ledger.dead.isEmpty && ledger.queued.isEmpty)
        }
    }

    @Test(arguments: [429, 503])
    func `Retry-After puts off the whole endpoint and burns no attempt`(status: Int) async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let path = "/retry-after-once/\(status)/2"
            try bed.deployWebhook("crm", endpoint.url(path), "concurrency: 1\nretry: { maxAttempts: 1 }")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...10).map { "e-\($0)" }, "{}")
            let requests = try await endpoint.requests(11, on: path)
            #expect(requests[1].milliseconds - requests[0].milliseconds >= 1900, "nobody is asked meanwhile")
            let pauses = host.log.filter { $0.message == "paused" }
            #expect(pauses.contains { $0["reason"]?.contains("pause of 2 s") == true })
            #expect(try await host.stop() == 0)
            let taken = Set(requests.dropFirst().map(\.id))
            let ledger = try await bed.ledger(confirmed: confirmed, handled: taken, function: "crm")
            ledger.expectBalance()
            #expect(ledger.dead.isEmpty && taken.count == 10)
        }
    }

    @Test func `an endpoint that asks for pauses in a row is tried ever more rarely, and no event goes back`()
        async throws
    {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let path = "/retry-after/429/1"
            try bed.deployWebhook("crm", endpoint.url(path), "concurrency: 4\nretry: { maxAttempts: 1 }")
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...12).map { "e-\($0)" }, "{}")
            try await host.wait(for: "the fourth pause") { log in
                log.contains { $0.message == "paused" && $0["reason"]?.contains("3 pauses in a row for 8s") == true }
            }
            #expect(endpoint.requests.count <= 4 + 3, "each pause ended with one request")
            #expect(try await host.stop() == 0)
            let left = try await bed.drainQueue(bed.queue("crm"))
            #expect(Set(left.map(\.id)) == confirmed)
            for event in left {
                #expect(event.returns <= 1, "handed back once, by the end of the host")
            }
        }
    }

    @Test(arguments: ["-5", "soon", "1.5"])
    func `a Retry-After that says nothing is a failure like any other`(value: String) async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/retry-after/429/\(value)"), "retry: { maxAttempts: 1 }")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let letter = try await bed.reader(bed.deadLetters("crm")).message()
            #expect(letter.text("warren-error-type") == "http_429")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a Retry-After of three thousand years is a day, and SIGHUP ends it`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let path = "/retry-after-once/503/99999999999"
            try bed.deployWebhook("crm", endpoint.url(path), "retry: { maxAttempts: 1 }")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            try await host.wait(for: "a pause of a day") { log in
                log.contains { $0.message == "paused" && $0["reason"]?.contains("pause of 1 d") == true }
            }
            host.warren.signal(SIGHUP)
            try await endpoint.requests(2, on: path)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `an endpoint that fails throughout is left alone, then tried with one event`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            let answer = "\(bed.directory)/answer"
            try bed.tell(answer, "500")
            let path = "/file/\(answer.segment)"
            try bed.deployWebhook(
                "crm",
                endpoint.url(path),
                """
                concurrency: 2
                breaker: { failures: 5, pause: 1s }
                retry: { maxAttempts: 20, backoff: { initial: 100ms, multiplier: 1, max: 100ms } }
                """
            )
            let host = try await bed.startDelivering()
            let confirmed = await bed.publish(ids: (1...100).map { "e-\($0)" }, "{}")
            try await host.wait(for: "the pause") { log in log.contains { $0.message == "degraded" } }
            let burnt = endpoint.requests.count
            #expect(burnt <= 7, "five failures and what was in flight")
            try await endpoint.requests(burnt + 1, on: path)
            try bed.tell(answer, "204")
            // What failed before comes again; its first request must not count.
            try await endpoint.wait(for: "every event to be taken", on: path) { requests in
                Set(requests.dropFirst(burnt + 1).map(\.id)) == confirmed
            }
            try await host.says("resumed: the webhook handles events again")
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: Set(endpoint.requests.dropFirst(burnt + 1).map(\.id)),
                function: "crm"
            )
            ledger.expectBalance()
            #expect(
                ledger.dead.isEmpty && ledger.queued.isEmpty,
                "dead \(ledger.dead), queued \(ledger.queued), of them handled \(ledger.queued.intersection(ledger.handled))"
            )
        }
    }
}
