import Glibc
import Testing
import Waiting

/// Reload after reload: nothing is lost, and nothing is left behind in the host.
@Suite(.hangGuard)
struct ManyReloadsTests {
    /// What the host holds, when nothing is under way any more.
    private struct Holding {
        let descriptors: Int
        let threads: Int
        let residentKiB: Int

        init(_ host: HostProcess) {
            self.descriptors = host.facts.descriptors
            self.threads = host.facts.threads
            self.residentKiB = host.facts.residentKiB
        }

        /// Waits until nothing comes or goes for a while.
        static func settled(_ host: HostProcess) async throws -> Holding {
            var last = Holding(host)
            var same = 0
            try await wait(for: "a quiet host", found: { last.text }) {
                let now = Holding(host)
                same = now.descriptors == last.descriptors && now.threads == last.threads ? same + 1 : 0
                last = now
                return same == 20
            }
            return last
        }

        var text: String { "\(self.descriptors) descriptors, \(self.threads) threads, \(self.residentKiB) KiB" }
    }

    /// Old workers and what belongs to them go by and by.
    private static func expectFlat(_ host: HostProcess, since before: Holding, _ what: String) async throws {
        try await wait(
            for: "as few descriptors and threads as before: \(before.text)",
            found: { Holding(host).text },
            until: {
                let now = Holding(host)
                // The pool of Swift's own threads may come into being meanwhile: as many as there are cores.
                return now.descriptors <= before.descriptors && now.threads <= before.threads + Self.cores
            }
        )
        print("\(what): before \(before.text); after \(Holding(host).text)")
    }

    private static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    @Test func `ten edits a second, half of them invalid, lose nothing and end with the last valid one`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work").with { $0.settings = "concurrency: 5" }
            let neighbour = Draft("record").with { $0.keys = ["other"] }
            try bed.put(draft)
            try bed.put(neighbour)
            let host = try await bed.startHost()
            let neighbours = host.processes(of: "record")
            try bed.put(draft.with { $0.version = 2 })
            try await host.runs("work", version: 2)
            let before = try await Holding.settled(host)
            var last = 2
            let events = try await bed.publishing(200, #"{"milliseconds":20}"#) {
                var due = ContinuousClock.now
                for number in 3...52 {
                    let version = draft.with { $0.version = number }
                    if number % 2 == 0 {
                        try bed.put(version, way: number % 4 == 0 ? .inPlace : .renaming)
                        last = number
                    } else {
                        let text = version.text(for: bed)
                        let broken = number % 4 == 1 ? text + "timeout: soon\n" : String(text.prefix(text.count / 2))
                        try write(broken.utf8, to: bed.file("work"), number % 3 == 0 ? .inPlace : .renaming)
                    }
                    due += .milliseconds(100)
                    try await Task.sleep(until: due, clock: .continuous)
                }
                try await host.runs("work", version: last)
            }
            #expect(last == 52)
            #expect(events.refused == [])
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(deeds.peak <= 5)
            #expect(host.processes(of: "record") == neighbours)
            #expect(host.switches(of: "work") > 2, "several versions came to run")
            try await Self.expectFlat(host, since: before, "50 edits in 5 s, \(host.switches(of: "work")) switches")
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(
                confirmed: events.confirmed,
                handled: deeds.events("ended"),
                function: "work"
            )
            ledger.expectBalance()
            #expect(ledger.queued == [] && ledger.dead == [] && ledger.parked == [])
        }
    }

    @Test func `fifty reloads leave nothing behind in the host`() async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            try bundles.install(.good, as: "one")
            let draft = Draft("work", handler: "one/work")
            try bed.put(draft)
            let host = try await bed.startHost(bundles: bundles.path)
            var before = Holding(host)
            let events = try await bed.publishing(100) {
                for number in 1...50 {
                    // Both kinds of reload, in turn: another manifest, another build.
                    if number % 2 == 0 {
                        try bed.put(draft.with { $0.version = number })
                    } else {
                        try bundles.install(.good, as: "one")
                    }
                    try await host.hasSwitched("work", times: number)
                    guard number == 10 else { continue }
                    try await host.runs("work", version: 10)
                    before = try await Holding.settled(host)
                }
                try await host.runs("work", version: 50)
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            try await Self.expectFlat(host, since: before, "40 more reloads")
            #expect(host.facts.residentKiB <= before.residentKiB + 8 << 10)
            #expect(try await host.stop() == 0)
        }
    }
}
