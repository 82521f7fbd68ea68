import Glibc
import Testing
import Waiting

/// Many invocations at once, in one host and over several.
@Suite(.hangGuard)
struct SharingTests {
    @Test func `no more events run at once than the manifest allows, over all workers`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "work",
                """
                concurrency: 6
                workers: 2
                """
            )
            _ = try await bed.startHost()
            let confirmed = await bed.publish(ids: (1...120).map { "e-\($0)" }, #"{"milliseconds":50}"#)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.peak == 6)
            #expect(Set(deeds.map(\.process)).count == 2)
        }
    }

    @Test func `two hosts share a queue, and attempts are counted over both`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "fail-first",
                """
                concurrency: 4
                retry:
                  maxAttempts: 3
                  backoff: { initial: 100ms }
                """
            )
            let hosts = [try await bed.startHost(), try await bed.startHost()]
            let confirmed = await bed.publish(ids: (1...300).map { "e-\($0)" }, #"{"failures":2}"#)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("succeeded") == confirmed }
            let byEvent = Dictionary(grouping: deeds, by: \.event)
            #expect(byEvent.values.allSatisfy { $0.map(\.attempt) == [1, 2, 3] })
            #expect(Set(deeds.map(\.process)).count == 2, "both got work")
            #expect(byEvent.values.contains { Set($0.map(\.process)).count == 2 }, "some went from one to the other")
            for host in hosts { #expect(try await host.stop() == 0) }
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: deeds.events("succeeded"),
                function: "fail-first"
            )
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.dead.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `a host that is killed leaves its events to the other`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("work", "concurrency: 8")
            let hosts = [try await bed.startHost(), try await bed.startHost()]
            let confirmed = await bed.publish(ids: (1...400).map { "e-\($0)" }, #"{"milliseconds":10}"#)
            try await bed.journal.wait(for: "work in both") { Set($0.map(\.process)).count == 2 && $0.count > 100 }
            hosts[0].warren.signal(SIGKILL)
            try await bed.journal.wait(for: "every event") { $0.events("ended").isSuperset(of: confirmed) }
            #expect(try await hosts[1].stop() == 0)
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: bed.journal.deeds.events("ended"),
                function: "work"
            )
            ledger.expectBalance()
            #expect(ledger.dead == [] && ledger.parked == [])
        }
    }
}
