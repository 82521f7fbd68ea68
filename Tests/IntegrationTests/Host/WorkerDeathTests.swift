import Glibc
import Testing
import Waiting

/// Workers that die, by their own doing or by somebody else's.
@Suite(.hangGuard)
struct WorkerDeathTests {
    @Test func `events that a killed worker was running are run again and not charged for it`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("work", "concurrency: 8")
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: (1...120).map { "e-\($0)" }, #"{"milliseconds":40}"#)
            #expect(confirmed.count == 120)
            var killed: Set<Int32> = []
            for _ in 1...2 {
                let deeds = try await bed.journal.wait(for: "busy worker") { deeds in
                    let worker = deeds.last?.process ?? 0
                    return !killed.contains(worker) && Self.running(deeds, in: worker) >= 6
                }
                let worker = try #require(deeds.last?.process)
                kill(worker, SIGKILL)
                killed.insert(worker)
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            // The killed ones, those that took their places, and those that ran what had been in flight.
            #expect(Set(deeds.map(\.process)).count >= 3)
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(confirmed: confirmed, handled: deeds.events("ended"), function: "work")
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.dead.isEmpty && ledger.parked.isEmpty)
        }
    }

    private static func running(_ deeds: [Journal.Deed], in worker: Int32) -> Int {
        let own = deeds.filter { $0.process == worker }
        return own.count("begun") - own.count("ended")
    }

    @Test func `an event that kills its worker is charged, and its neighbours are not`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "work",
                """
                concurrency: 8
                retry:
                  maxAttempts: 2
                  backoff: { initial: 100ms }
                """
            )
            let host = try await bed.startHost()
            let neighbours = (1...40).map { "e-\($0)" }
            var confirmed = await bed.publish(ids: neighbours.prefix(20), #"{"milliseconds":20}"#)
            confirmed.formUnion(await bed.publish(ids: ["bad"], #"{"milliseconds":10,"ending":"crash"}"#))
            confirmed.formUnion(await bed.publish(ids: neighbours.dropFirst(20), #"{"milliseconds":20}"#))
            let dead = try await bed.reader(bed.deadLetters("work")).message()
            #expect(dead.id == "bad")
            #expect(dead.text("warren-dead-reason") == "crashed")
            #expect(dead.text("warren-error")?.contains("told to crash") == true)
            #expect(dead.number("warren-attempt") == 2)
            let deeds = try await bed.journal.wait(for: "every neighbour") { $0.events("ended") == Set(neighbours) }
            #expect(deeds.allSatisfy { $0.event == "bad" || $0.attempt == 1 })
            #expect(Set(deeds.attempts(of: "bad")) == [1, 2])
            #expect(try await host.stop() == 0)
            var ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: deeds.events("ended"),
                function: "work"
            )
            ledger.dead.insert(dead.id)
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty)
        }
    }

    @Test func `an event that makes its worker exit is dead as crashed, with the exit code`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("work", "retry: { maxAttempts: 1 }")
            _ = try await bed.startHost()
            try await bed.publish(bed.event(#"{"milliseconds":0,"ending":"exit"}"#, id: "bad"))
            let dead = try await bed.reader(bed.deadLetters("work")).message()
            #expect(dead.text("warren-dead-reason") == "crashed")
            #expect(dead.text("warren-error")?.contains("exited with code 3") == true)
            try await bed.publish(bed.event(#"{"milliseconds":0}"#, id: "good"))
            try await bed.journal.wait(for: "the next event") { $0.events("ended") == ["good"] }
        }
    }
}
