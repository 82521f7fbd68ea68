import Glibc
import Testing
import Waiting

/// A running function's manifest is edited.
@Suite(.hangGuard)
struct EditTests {
    private struct Edit {
        let way: WritingWay
        let change: (inout Draft) -> Void
        var signal: Int32 = 0
    }

    @Test func `an edit switches without a gap, with no more in flight than allowed`() async throws {
        try await TestBed.use { bed in
            var draft = Draft("work").with { $0.settings = "concurrency: 6" }
            let neighbour = Draft("record").with { $0.keys = ["other"] }
            try bed.put(draft)
            try bed.put(neighbour)
            let host = try await bed.startHost()
            let neighbours = host.processes(of: "record")
            #expect(neighbours.count == 1)
            let edits = [
                Edit(way: .renaming) { $0.version = 2 },
                Edit(way: .inPlace) { $0.settings += "\ntimeout: 20s" },
                Edit(way: .renaming, change: { $0.settings += "\nretry: { maxAttempts: 7 }" }, signal: SIGHUP),
                Edit(way: .inPlace) { $0.settings = "concurrency: 3\nworkers: 2" },
            ]
            var generations = host.processes(of: "work")
            var earlier: Set<pid_t> = []
            var others = Published()
            let events = try await bed.publishing(250, #"{"milliseconds":30}"#) {
                others = try await bed.publishing(100, key: "other", prefix: "o") {
                    for (number, edit) in edits.enumerated() {
                        earlier = host.processes(of: "work")
                        edit.change(&draft)
                        try bed.put(draft, way: edit.way)
                        if edit.signal != 0 { host.warren.signal(edit.signal) }
                        try await host.hasSwitched("work", times: number + 1)
                        // Each generation has to do something, or nothing was switched.
                        let deeds = try await bed.journal.wait(for: "work of the new worker") { deeds in
                            deeds.contains { $0.name == "ended" && !generations.contains($0.process) }
                        }
                        generations.formUnion(deeds.filter { $0.name == "ended" }.map(\.process))
                    }
                }
            }
            #expect(events.refused == [] && others.refused == [])
            let deeds = try await bed.journal.wait(for: "every event") { deeds in
                deeds.events("ended") == events.confirmed && deeds.events("recorded") == others.confirmed
            }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(deeds.count("recorded") == others.confirmed.count, "some of the neighbour's ran twice")
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            #expect(host.processes(of: "record") == neighbours)
            #expect(deeds.peak == 6)
            try await host.wait(for: "the workers of the last version alone") { _ in
                let workers = host.processes(of: "work")
                return workers.count == 2 && workers.isDisjoint(with: earlier)
            }
            #expect(Self.peak(of: deeds, from: host.processes(of: "work")) == 3)
            #expect(host.switches(of: "work") == edits.count)
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

    /// The most that ran at once, over all versions, from the first deed of the given workers on.
    private static func peak(of deeds: [Journal.Deed], from workers: Set<pid_t>) -> Int {
        var running = 0
        var peak: Int?
        for deed in deeds {
            running += deed.name == "begun" ? 1 : deed.name == "ended" ? -1 : 0
            if peak != nil || workers.contains(deed.process) { peak = max(peak ?? 0, running) }
        }
        return peak ?? 0
    }

    @Test func `what asks for the same is not touched`() async throws {
        try await TestBed.use { bed in
            let work = Draft("work")
            let record = Draft("record").with { $0.keys = ["other"] }
            let other = Draft("refuse").with { $0.keys = ["third"] }
            try bed.put(work, record)
            try bed.put(other)
            let host = try await bed.startHost()
            let before = host.processes(of: "work").union(host.processes(of: "record"))
            #expect(before.count == 2)
            let file = bed.file("work")
            let both = [work, record].map { $0.text(for: bed) }
            let edits: [() throws -> Void] = [
                { #expect(utimensat(AT_FDCWD, file, nil, 0) == 0) },
                { try write("# of no account\n\(both[0])---\n\(both[1])".utf8, to: file, .renaming) },
                { try write("\(both[1])---\n\(both[0])".utf8, to: file, .inPlace) },
                {
                    let text = both[0].replacing("env:", with: "timeout: 30s\nenv:")
                    try write("\(both[1])\n\n---\n\(text)".utf8, to: file, .renaming)
                },
                { host.warren.signal(SIGHUP) },
                { #expect(rename(file, "\(bed.manifests)/moved.yaml") == 0) },
            ]
            for (number, edit) in edits.enumerated() {
                try edit()
                // What comes after it in the same directory is taken up, so it has been read.
                try bed.put(other.with { $0.version = number + 2 })
                try await host.runs("refuse", version: number + 2)
                #expect(host.processes(of: "work").union(host.processes(of: "record")) == before)
            }
            #expect(host.count("switching to a new version", of: "work") == 0)
            #expect(host.count("switching to a new version", of: "record") == 0)
            #expect(host.count("switching to a new version", of: "refuse") == edits.count)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `an invalid edit changes nothing and is told with its place, until it is mended`() async throws {
        try await TestBed.use { bed in
            let work = Draft("work")
            let record = Draft("record").with { $0.keys = ["other"] }
            let leaving = Draft("refuse").with { $0.keys = ["third"] }
            for draft in [work, record, leaving] { try bed.put(draft) }
            let host = try await bed.startHost()
            let before = host.processes(of: "work")
            let good = work.text(for: bed)
            try write(
                good.replacing("name: work", with: "name: work\nconcurency: 3").utf8,
                to: bed.file("work"),
                .renaming
            )
            try await host.wait(for: "the reason with its place") { log in
                let errors = log.filter { $0["level"] == "error" }.map(\.message)
                return errors.contains { $0.contains("work.yaml:4:1: error: ") && $0.contains("concurency") }
                    && errors.contains { $0.hasSuffix("changes nothing; what was deployed before goes on: work") }
            }
            // Others are edited meanwhile, and one goes, which may only have moved into the file that cannot be read.
            try bed.put(record.with { $0.version = 2 })
            try await host.runs("record", version: 2)
            try bed.withdraw("refuse")
            try await host.wait(for: "the removal that is held") { log in
                log.contains { $0.message.contains("refuse goes on as it was until no manifest has problems") }
            }
            #expect(host.workers(of: "refuse").count == 1)
            try await bed.publish(bed.event(#"{"milliseconds":0}"#, id: "meanwhile"))
            let deeds = try await bed.journal.wait(for: "the event") { $0.events("ended") == ["meanwhile"] }
            #expect(Set(deeds.map(\.process)) == before)
            #expect(host.processes(of: "work") == before)

            try bed.put(work.with { $0.version = 2 })
            try await host.runs("work", version: 2)
            try await host.wait(for: "the removal") { log in
                log.contains { $0.message == "stopped" && $0["function"] == "refuse" }
            }
            #expect(host.log.contains { $0.message.contains("work.yaml is refused no more") })
            try await bed.publish(bed.event(#"{"milliseconds":0}"#, id: "afterwards"))
            try await bed.journal.wait(for: "the event") { $0.events("ended") == ["meanwhile", "afterwards"] }
            #expect(try await host.stop() == 0)
        }
    }
}
