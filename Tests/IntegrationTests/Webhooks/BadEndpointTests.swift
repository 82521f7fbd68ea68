import AMQP
import Messaging
import Testing
import Waiting

/// Endpoints that do everything wrong: each is told from the others, and none of them holds up anybody.
@Suite(.hangGuard)
struct BadEndpointTests {
    struct Misdeed: Sendable {
        let name: String
        let path: String
        /// `warren-error-type` of the dead letter; nil: the event is taken.
        let type: String?
        var reason = "exhausted"
        var status: Int?

        /// Short for what never comes, and long for what comes.
        var timeout: String { self.type == "timeout" ? "2s" : "2m" }
    }

    static let misdeeds = [
        Misdeed(name: "never", path: "/never", type: "timeout", reason: "timed-out"),
        Misdeed(name: "drip", path: "/drip", type: "timeout", reason: "timed-out"),
        Misdeed(name: "drip-header", path: "/drip-header", type: "timeout", reason: "timed-out"),
        Misdeed(name: "endless-headers", path: "/endless-headers", type: "response_too_large"),
        Misdeed(name: "garbage", path: "/garbage", type: "bad_response"),
        Misdeed(name: "hang-up", path: "/hang-up", type: "connection_reset"),
        Misdeed(name: "reset", path: "/reset", type: "connection_reset"),
        Misdeed(name: "redirect", path: "/redirect/\("http://127.0.0.1:9/".segment)", type: "redirect", status: 302),
        Misdeed(name: "not-found", path: "/nowhere", type: "http_404", status: 404),
        Misdeed(name: "too-early", path: "/status/425", type: "http_425", status: 425),
        Misdeed(name: "unauthorized", path: "/status/401", type: "http_401", status: 401),
        // Their status says that they have taken it.
        Misdeed(name: "endless-body", path: "/endless-body", type: nil),
        Misdeed(name: "gzip-bomb", path: "/gzip-bomb", type: nil),
    ]

    @Test func `each misdeed has its class, all in one host, and a good endpoint gets everything`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            for misdeed in Self.misdeeds {
                try bed.deployWebhook(
                    misdeed.name,
                    endpoint.url(misdeed.path),
                    keys: [misdeed.name],
                    "timeout: \(misdeed.timeout)\nretry: { maxAttempts: 1 }"
                )
            }
            let closed = try await bed.endpoint()
            closed.process.end()
            try bed.deployWebhook("closed", closed.url("/"), keys: ["closed"], "retry: { maxAttempts: 1 }")
            try bed.deployWebhook("good", endpoint.url("/ok"), keys: ["good"])
            let host = try await bed.startDelivering()
            for name in Self.misdeeds.map(\.name) + ["closed"] {
                try await bed.publish(bed.event("{}", id: name, key: name))
            }
            let events = (1...300).map { bed.event("{}", id: "good-\($0)", key: "good") }
            #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
            let taken = try await endpoint.requests(300, on: "/ok")
            #expect(Set(taken.map(\.id)).count == 300)

            for misdeed in Self.misdeeds {
                if let type = misdeed.type {
                    let letter = try await bed.reader(bed.deadLetters(misdeed.name)).message()
                    #expect(letter.id == misdeed.name)
                    #expect(letter.text("warren-error-type") == type, "\(misdeed.name)")
                    #expect(letter.text("warren-dead-reason") == misdeed.reason, "\(misdeed.name)")
                    #expect(letter.number("warren-http-status") == misdeed.status, "\(misdeed.name)")
                } else {
                    try await endpoint.requests(1, on: misdeed.path)
                }
            }
            let refused = try await bed.reader(bed.deadLetters("closed")).message()
            #expect(refused.text("warren-error-type") == "connection_refused")
            #expect(try await host.stop() == 0)
            for misdeed in Self.misdeeds where misdeed.type == nil {
                #expect(try await bed.broker.inspect(queue: bed.queue(misdeed.name))?.readyMessages == 0)
                #expect(try await bed.broker.inspect(queue: bed.deadLetters(misdeed.name))?.readyMessages == 0)
            }
            #expect(closed.requests.isEmpty && !endpoint.requests.contains { $0.path == "/" })
        }
    }

    @Test func `while one endpoint never answers, the others get all of theirs`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("dead", endpoint.url("/never"), keys: ["dead"], "timeout: 5m")
            for number in 1...5 {
                try bed.deployWebhook("good-\(number)", endpoint.url("/ok/\(number)"), keys: ["good"])
            }
            let host = try await bed.startDelivering()
            let dead = (1...50).map { bed.event("{}", id: "dead-\($0)", key: "dead") }
            #expect(await bed.broker.publish(dead).allSatisfy { $0 == .confirmed })
            try await endpoint.requests(8, on: "/never")
            let good = (1...200).map { bed.event("{}", id: "good-\($0)", key: "good") }
            #expect(await bed.broker.publish(good).allSatisfy { $0 == .confirmed })
            for number in 1...5 {
                let taken = try await endpoint.requests(200, on: "/ok/\(number)")
                #expect(Set(taken.map(\.id)).count == 200)
            }
            // All that is in flight is still in flight: nothing of it has ended yet.
            #expect(endpoint.requests("/never").count == 8)
            host.warren.end()
            // The broker has them again when it has noticed.
            try await wait(for: "the events to be back") {
                try await bed.broker.inspect(queue: bed.queue("dead"))?.readyMessages == 50
            }
        }
    }
}
