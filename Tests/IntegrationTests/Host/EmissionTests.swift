import Messaging
import Testing
import Waiting

/// Events that functions emit, and events that wait before they are published.
@Suite(.hangGuard)
struct EmissionTests {
    @Test func `emitted events know their story and their cause, and have the same ids when the event runs again`()
        async throws
    {
        try await TestBed.use { bed in
            try bed.deploy("emit-all")
            _ = try await bed.startHost()
            let audit = try await bed.auditReader()
            let cause = bed.event(
                #"{"emit":[{"key":"stock.reserved"},{"key":"mail.sent"}]}"#,
                id: "e-1",
                correlationID: "c-1"
            )
            try await bed.publish(cause)
            let first = try await audit.messages(3).filter { $0.id != "e-1" }
            #expect(Set(first.map(\.routingKey)) == ["stock.reserved", "mail.sent"])
            #expect(Set(first.map(\.id)).count == 2)
            for event in first {
                #expect(event.properties.correlationID == "c-1")
                #expect(event.text("cloudEvents_causationid") == "e-1")
                #expect(event.properties.appID == "emit-all")
                #expect(event.properties.type == event.routingKey)
                #expect(event.text == #"{"by":"e-1"}"#)
            }
            try await bed.publish(cause)
            let all = try await audit.messages(6).filter { $0.id != "e-1" }
            #expect(all.count == 4)
            #expect(Set(all.map { "\($0.routingKey) \($0.id)" }) == Set(first.map { "\($0.routingKey) \($0.id)" }))
        }
    }

    @Test func `an event without a story begins one`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("emit-all")
            _ = try await bed.startHost()
            let audit = try await bed.auditReader()
            try await bed.publish(bed.event(#"{"emit":[{"key":"stock.reserved"}]}"#, id: "e-1"))
            let emitted = try await audit.messages(2).first { $0.id != "e-1" }
            #expect(emitted?.properties.correlationID == "e-1")
        }
    }

    @Test func `an emitted event that nobody takes is parked`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("emit-all")
            let host = try await bed.startHost()
            try await bed.publish(bed.event(#"{"emit":[{"key":"nobody.cares"}]}"#, id: "e-1"))
            let parked = try await bed.reader(bed.parked).message()
            #expect(parked.text == #"{"by":"e-1"}"#)
            #expect(parked.text("cloudEvents_causationid") == "e-1")
            #expect(parked.text("warren-original-exchange") == bed.exchange)
            #expect(parked.text("warren-original-routing-key") == "nobody.cares")
            #expect(try await host.stop() == 0)
            #expect(try await bed.drainQueue(bed.queue("emit-all")).isEmpty, "the cause is handled")
        }
    }

    @Test func `an event emitted with a delay arrives no earlier`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("emit-all")
            try bed.deploy("record", keys: ["reminder.due"])
            _ = try await bed.startHost()
            let event = bed.event(#"{"emit":[{"key":"reminder.due","delayMilliseconds":700}]}"#, id: "e-1")
            try await bed.publish(event)
            let deeds = try await bed.journal.wait(for: "reminder") { $0.count("recorded") == 1 }
            try #require(deeds.map(\.name) == ["emitted", "recorded"])
            #expect(deeds[1].milliseconds - deeds[0].milliseconds >= 700)
            #expect(deeds[1].attempt == 1)
        }
    }

    @Test func `publishing with a delay keeps the event back`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("record", keys: ["now", "later"])
            _ = try await bed.startHost()
            let later = try await bed.command(["publish", "later", "--data", "{}", "--delay", "2s"])
            #expect(later.exitCode == 0)
            // Told before the delay began, so what it recorded lies before the delay's end.
            try await bed.publish(bed.event("{}", id: "now", key: "now"))
            let deeds = try await bed.journal.wait(for: "both events") { $0.count == 2 }
            #expect(deeds.map(\.event) == ["now", later.output])
            #expect(deeds[1].attempt == 1)
        }
    }

    @Test func `publishing what nobody takes ends with 3 and prints no id`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("record")
            _ = try await bed.startHost()
            let published = try await bed.command(["publish", "nobody.cares", "--data", "{}"])
            #expect(published.exitCode == 3)
            #expect(published.output.isEmpty)
            #expect(published.errors.contains("'nobody.cares'"))
        }
    }
}
