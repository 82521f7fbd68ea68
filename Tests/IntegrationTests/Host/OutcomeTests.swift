import AMQP
import Messaging
import Testing
import Waiting

/// What becomes of an event, by how its invocation ends.
@Suite(.hangGuard)
struct OutcomeTests {
    @Test func `an event published with the command is handled once and is gone from the queue`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("record")
            let host = try await bed.startHost()
            let published = try await bed.command(["publish", "work", "--data", #"{"a":1}"#])
            #expect(published.exitCode == 0)
            let deeds = try await bed.journal.wait(for: "event") { !$0.isEmpty }
            #expect(deeds.map(\.event) == [published.output])
            #expect(deeds.map(\.attempt) == [1])
            #expect(try await host.stop() == 0)
            #expect(try await bed.broker.inspect(queue: bed.queue("record"))?.readyMessages == 0)
            #expect(bed.journal.deeds.count == 1)
        }
    }

    @Test func `a failed event is retried after its back-off, and attempts are counted`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "fail-first",
                """
                retry:
                  maxAttempts: 3
                  backoff: { initial: 400ms, multiplier: 2, jitter: 0 }
                """
            )
            let host = try await bed.startHost()
            try await bed.publish(bed.event(#"{"failures":2}"#, id: "e-1"))
            let deeds = try await bed.journal.wait(for: "success") { $0.count("succeeded") == 1 }
            #expect(deeds.attempts(of: "e-1") == [1, 2, 3])
            try #require(deeds.count == 3)
            #expect(deeds[1].milliseconds - deeds[0].milliseconds >= 400)
            #expect(deeds[2].milliseconds - deeds[1].milliseconds >= 800)
            #expect(try await host.stop() == 0)
            #expect(host.log.compactMap { $0["retry-in"] } == ["400 ms", "800 ms"])
            let ledger = try await bed.ledger(confirmed: ["e-1"], handled: ["e-1"], function: "fail-first")
            #expect(ledger.dead.isEmpty && ledger.queued.isEmpty)
        }
    }

    @Test func `an event that never succeeds becomes a dead letter that tells its whole story`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "fail-first",
                keys: ["orders.*"],
                """
                retry:
                  maxAttempts: 2
                  backoff: { initial: 100ms }
                """
            )
            _ = try await bed.startHost()
            let headers = FieldTable([("tenant", .string("acme")), ("tries", .integer(7))])
            let event = bed.event(
                #"{"failures":9}"#,
                id: "e-1",
                key: "orders.placed",
                correlationID: "c-1",
                headers: headers
            )
            try await bed.publish(event)
            let dead = try await bed.reader(bed.deadLetters("fail-first")).message()
            #expect(dead.text == #"{"failures":9}"#)
            #expect(dead.id == "e-1")
            #expect(dead.properties.correlationID == "c-1")
            #expect(dead.text("tenant") == "acme")
            #expect(dead.number("tries") == 7)
            #expect(dead.number("warren-attempt") == 2)
            #expect(dead.number("warren-deferrals") == 0)
            #expect(dead.text("warren-error") == "out of luck")
            #expect(dead.text("warren-error-type")?.hasSuffix("OutOfLuck") == true)
            #expect(dead.text("warren-function") == "fail-first")
            #expect(dead.text("warren-host")?.isEmpty == false)
            #expect(dead.text("warren-dead-reason") == "exhausted")
            #expect(dead.text("warren-original-exchange") == bed.exchange)
            #expect(dead.text("warren-original-routing-key") == "orders.placed")
            let failed = try #require(dead.number("warren-first-failed-at"))
            let died = try #require(dead.number("warren-dead-at"))
            #expect(died - failed >= 100, "the back-off lies between")
            let brokers = dead.headers.entries.map(\.name).filter { $0.hasPrefix("x-") }
            #expect(brokers.isEmpty, "what the broker wrote on the way is taken off")
            #expect(bed.journal.deeds.attempts(of: "e-1") == [1, 2])
        }
    }

    @Test func `a rejected event is dead at once`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("refuse")
            _ = try await bed.startHost()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let dead = try await bed.reader(bed.deadLetters("refuse")).message()
            #expect(dead.id == "e-1")
            #expect(dead.text("warren-dead-reason") == "rejected")
            #expect(dead.text("warren-error") == "not wanted here")
            #expect(dead.number("warren-attempt") == 1)
            #expect(bed.journal.deeds.attempts(of: "e-1") == [1])
        }
    }

    @Test func `putting an event off burns no attempt`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("put-off", "retry: { maxAttempts: 2 }")
            _ = try await bed.startHost()
            try await bed.publish(bed.event(#"{"times":3,"milliseconds":200}"#, id: "e-1"))
            let deeds = try await bed.journal.wait(for: "success") { $0.count("succeeded") == 1 }
            #expect(deeds.attempts(of: "e-1") == [1, 1, 1, 1])
            for (earlier, later) in zip(deeds, deeds.dropFirst()) {
                #expect(later.milliseconds - earlier.milliseconds >= 200)
            }
        }
    }

    @Test func `an event can be put off only so often`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("put-off", "retry: { maxDeferrals: 2 }")
            _ = try await bed.startHost()
            try await bed.publish(bed.event(#"{"times":99,"milliseconds":100}"#, id: "e-1"))
            let dead = try await bed.reader(bed.deadLetters("put-off")).message()
            #expect(dead.text("warren-dead-reason") == "exhausted")
            #expect(dead.text("warren-error")?.contains("maxDeferrals") == true)
            #expect(dead.text("warren-error")?.contains("not yet") == true)
            #expect(dead.number("warren-deferrals") == 2)
            #expect(dead.number("warren-attempt") == 1)
            #expect(bed.journal.deeds.attempts(of: "e-1") == [1, 1, 1])
        }
    }

    @Test func `an event of the wrong form is dead at once, and says where it is wrong`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("take-order")
            _ = try await bed.startHost()
            try await bed.publish(bed.event(#"{"customer":{"age":"old"}}"#, id: "e-1"))
            let dead = try await bed.reader(bed.deadLetters("take-order")).message()
            #expect(dead.text("warren-dead-reason") == "undecodable")
            #expect(dead.text("warren-error")?.contains("customer.age") == true)
            #expect(dead.number("warren-attempt") == 1)
            #expect(dead.text == #"{"customer":{"age":"old"}}"#)
            #expect(bed.journal.deeds.isEmpty)
        }
    }

    @Test func `at the deadline the invocation is cancelled, and that counts as an attempt`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "hang",
                """
                timeout: 300ms
                retry:
                  maxAttempts: 2
                  backoff: { initial: 100ms }
                """
            )
            _ = try await bed.startHost()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let dead = try await bed.reader(bed.deadLetters("hang")).message()
            #expect(dead.text("warren-dead-reason") == "timed-out")
            #expect(dead.number("warren-attempt") == 2)
            let deeds = bed.journal.deeds
            #expect(deeds.attempts(of: "e-1") == [1, 2])
            #expect(Set(deeds.map(\.name)) == ["cancelled"])
            #expect(Set(deeds.map(\.process)).count == 1, "a cancelled invocation costs no process")
        }
    }

    @Test func `what a function says is in the host's log with function, event and attempt`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("speak")
            let host = try await bed.startHost()
            try await bed.publish(bed.event("{}", id: "e-1"))
            let log = try await host.wait(for: "three lines") { log in
                log.count { $0.message.hasSuffix("by the function") } == 3
            }
            let logged = try #require(log.first { $0.message == "logged by the function" })
            #expect(logged["level"] == "info")
            #expect(logged["tone"] == "calm")
            #expect(logged["function"] == "speak")
            #expect(logged["event"] == "e-1")
            #expect(logged["attempt"] == "1")
            let printed = try #require(log.first { $0.message == "printed by the function" })
            #expect(printed["function"] == "speak")
            #expect(printed["stream"] == "stdout")
            let complained = try #require(log.first { $0.message == "complained by the function" })
            #expect(complained["function"] == "speak")
            #expect(complained["stream"] == "stderr")
        }
    }

    @Test func `a message without id and headers gets an id that stays over its retry`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("fail-first", "retry: { backoff: { initial: 100ms } }")
            _ = try await bed.startHost()
            try await bed.publish(bed.event(#"{"failures":1}"#, id: nil))
            let deeds = try await bed.journal.wait(for: "success") { $0.count("succeeded") == 1 }
            #expect(deeds.map(\.attempt) == [1, 2])
            #expect(Set(deeds.map(\.event)).count == 1)
            #expect(deeds[0].event.hasPrefix("generated-"))
        }
    }
}
