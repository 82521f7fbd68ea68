import Messaging
import Testing
import Waiting

/// A worker dies with several events in flight: those that kill it alone are charged, and nobody else.
@Suite(.hangGuard)
struct CrashAttributionTests {
    @Test(arguments: [1, 3])
    func `of many events in flight only those that kill their worker are charged`(_ poisonous: Int) async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "deliver",
                """
                concurrency: 16
                timeout: 15m
                retry: { maxAttempts: 2, backoff: { initial: 100ms } }
                """
            )
            let host = try await bed.startHost()
            let innocents = (1...(16 - poisonous)).map { "e-\($0)" }
            let poison = (1...poisonous).map { "bad-\($0)" }
            // Among the others, so that what succeeds between shows that the function is well.
            let order = (0..<16).map { $0 % 4 == 3 && $0 / 4 < poisonous ? poison[$0 / 4] : nil }
            var rest = innocents[...]
            let confirmed = try await bed.publish(
                order.map { bad in
                    if let bad { return (bad, #"{"gate":"\#(bed.gate)","crashes":9}"#) }
                    return (rest.removeFirst(), #"{"gate":"\#(bed.gate)","milliseconds":300}"#)
                }
            )
            try await bed.journal.wait(for: "all in flight") { $0.count("begun") == 16 }
            try bed.openGate()
            let dead = try await bed.reader(bed.deadLetters("deliver")).messages(poisonous)
            #expect(Set(dead.map(\.id)) == Set(poison))
            for letter in dead {
                #expect(letter.text("warren-dead-reason") == "crashed")
                #expect(letter.number("warren-attempt") == 2)
                let error = try #require(letter.text("warren-error"))
                #expect(error.contains("signal "), "\(error)")
                #expect(error.contains("Fatal error: told to crash"), "\(error)")
            }
            let deeds = try await bed.journal.wait(for: "every innocent") { $0.events("ended") == Set(innocents) }
            for event in innocents {
                #expect(Set(deeds.attempts(of: event)) == [1])
                #expect(deeds.runs[event, default: 0] <= 2)
            }
            for event in poison { try Self.expectTrial(of: event, deeds) }
            #expect(try await host.stop() == 0)
            let ledger = try await bed.settle(confirmed, dead: dead, by: "deliver")
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    /// It ran again in another process, before it was charged, and nothing else was in flight there when it died.
    private static func expectTrial(of event: String, _ deeds: [Journal.Deed]) throws {
        let runs = deeds.filter { $0.event == event && $0.name == "begun" }
        #expect(Set(runs.map(\.attempt)) == [1, 2])
        try #require(runs.count >= 2)
        #expect(runs[0].process != runs[1].process)
        #expect(runs[1].attempt == 1, "not charged before it ran alone")
        let others = deeds.filter { $0.process == runs[1].process && $0.event != event }
        #expect(others.events("begun") == others.events("ended"), "nothing died with it")
    }

    @Test func `the dead letter has the end of what its worker said, and not more than 8 KiB of it`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "retry: { maxAttempts: 1 }")
            let host = try await bed.startHost()
            try await bed.publish(bed.event(#"{"harm":"scream","amount":100}"#, id: "bad"))
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            let error = try #require(dead.text("warren-error"))
            #expect(error.contains("signal "))
            #expect(error.contains("xxxx"), "what it said before")
            #expect(error.contains("Fatal error: told to crash"))
            #expect(error.utf8.count <= 8 << 10)
            #expect(try await host.stop() == 0)
        }
    }
}
