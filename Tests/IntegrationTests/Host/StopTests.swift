import Glibc
import LocalBroker
import Testing
import Waiting

/// SIGTERM, once and twice.
@Suite(.hangGuard)
struct StopTests {
    @Test func `a host told to stop under load ends what runs, gives back the rest, and loses nothing`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("work", "concurrency: 16")
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: (1...1000).map { "e-\($0)" }, #"{"milliseconds":10}"#)
            try await bed.journal.wait(for: "load") { $0.count("ended") >= 100 }
            #expect(try await host.stop() == 0)
            let deeds = bed.journal.deeds
            #expect(deeds.events("begun") == deeds.events("ended"), "what ran was let run")
            #expect(deeds.count("ended") == deeds.events("ended").count)
            #expect(deeds.count("ended") < 1000, "it stopped under load")
            let ledger = try await bed.ledger(confirmed: confirmed, handled: deeds.events("ended"), function: "work")
            ledger.expectBalance()
            #expect(ledger.handled.intersection(ledger.queued) == [], "everything handled is acknowledged")
            #expect(ledger.dead.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `a second signal ends the host at once, and what ran is back in the queue`() async throws {
        try await TestBed.use { bed in
            // None of them ends by itself while the test waits.
            try bed.deploy("work", "concurrency: 4\ntimeout: 15m")
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: (1...10).map { "e-\($0)" }, #"{"milliseconds":840000}"#)
            try await bed.journal.wait(for: "running events") { $0.count("begun") == 4 }
            host.warren.signal(SIGTERM)
            try await host.says("draining")
            host.warren.signal(SIGTERM)
            #expect(try await host.warren.exit() == 1)
            let queued = try await bed.reader(bed.queue("work")).messages(10)
            #expect(Set(queued.map(\.id)) == confirmed)
            #expect(bed.journal.deeds.count("ended") == 0)
            let workers = Set(bed.journal.deeds.map(\.process))
            try await wait(for: "end of the workers") { workers.allSatisfy { kill($0, 0) != 0 } }
        }
    }

    @Test(arguments: ["run", "dev"])
    func `a hang-up while the terminal is there, or there is none, reads the manifests again`(
        command: String
    ) async throws {
        try await TestBed.use { bed in
            try bed.deploy("work")
            let host = HostProcess(
                try bed.start([
                    command, "--broker", bed.node.url, "--namespace", bed.namespace, "--manifests", bed.manifests,
                    "--bundles", WarrenProcess.directory, "--json",
                ])
            )
            try await host.says("all functions are running")
            host.warren.signal(SIGHUP)
            try await host.says("reloading")
            #expect(try await host.stop() == 0)
        }
    }
}
