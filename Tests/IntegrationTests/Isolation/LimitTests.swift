import Messaging
import Testing
import Waiting

/// What a manifest allows to its workers holds, and who oversteps it harms nobody else.
@Suite(.hangGuard)
struct LimitTests {
    @Test func `a function that takes all memory dies of it, and its host and its neighbour do not notice`()
        async throws
    {
        try await TestBed.use { bed in
            try bed.deploy(
                "misbehave",
                "limits: { memory: 64MiB }\nretry: { maxAttempts: 2, backoff: { initial: 100ms } }"
            )
            try bed.deploy("record", keys: ["neighbour"])
            let host = try await bed.startHost()
            try await bed.expectHandled("before", key: "neighbour", as: "recorded")
            let before = host.facts.residentKiB
            let confirmed = try await bed.publish([("bad", #"{"harm":"allocate"}"#)])
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            #expect(dead.id == "bad")
            #expect(dead.text("warren-dead-reason") == "crashed")
            #expect(dead.number("warren-attempt") == 2)
            #expect(host.facts.residentKiB - before < 8 << 10)
            try await bed.expectHandled("after", key: "neighbour", as: "recorded")
            #expect(
                host.log.allSatisfy { $0.message != "a worker died; starting another" || $0["function"] == "misbehave" }
            )
            #expect(try await host.stop() == 0)
            let ledger = try await bed.settle(confirmed, dead: [dead], by: "misbehave")
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `the log says which limits are in force`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "limits: { memory: 64MiB, openFiles: 64, cpuTime: 60s }")
            try bed.deploy("record", keys: ["neighbour"])
            let host = try await bed.startHost()
            let lines = host.log.filter { $0.message == "limits are in force" }
            #expect(lines.map { $0["function"] } == ["misbehave"])
            let limits = try #require(lines.first?["limits"])
            for name in ["memory=", "openFiles=", "cpuTime="] { #expect(limits.contains(name), "\(limits)") }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a worker that comes near its limit of memory is replaced between events`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "limits: { memory: 64MiB }")
            let host = try await bed.startHost()
            var confirmed: Set<String> = []
            for generation in 1...2 {
                // Four fifths of the limit is less than this and what a worker has from the start.
                let events = (1...12).map { ("g\(generation)-\($0)", #"{"harm":"keep","amount":4}"#) }
                confirmed.formUnion(try await bed.publish(events))
                try await bed.journal.wait(for: "generation \(generation)") { $0.events("ended") == confirmed }
                try await host.wait(for: "replacement \(generation)") { _ in
                    host.count("a worker is replaced") == generation
                }
                try await Self.expectEnd(ofWorkerOf: "g\(generation)-1", on: bed)
            }
            #expect(host.log.contains { $0["reason"]?.contains("limits.memory") == true })
            try await Self.expectUnharmed(confirmed, workers: 2, of: host, on: bed)
        }
    }

    @Test func `a worker that comes near its limit of processor time is replaced between events`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "limits: { cpuTime: 4s }")
            let host = try await bed.startHost()
            // Four fifths of it, and not all of it.
            var confirmed = try await bed.publish((1...11).map { ("e-\($0)", #"{"harm":"burn","amount":300}"#) })
            try await host.says("a worker is replaced")
            try await Self.expectEnd(ofWorkerOf: "e-1", on: bed)
            confirmed.formUnion(try await bed.publish([("last", "{}")]))
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            let reason = try #require(host.log.compactMap { $0["reason"] }.first { $0.contains("limits.cpuTime") })
            #expect(reason.contains(/has used [34](\.[0-9]+)? s of CPU/), "\(reason)")
            try await Self.expectUnharmed(confirmed, workers: 2, of: host, on: bed)
        }
    }

    /// Until then the next event may still run in it.
    private static func expectEnd(ofWorkerOf event: String, on bed: TestBed) async throws {
        let worker = try #require(bed.journal.deeds.processes(of: event).first)
        try await wait(for: "end of the old worker") { !ProcessFacts(worker).isAlive }
    }

    /// All were handled in their first attempt and by so many workers at least, of which none died.
    private static func expectUnharmed(
        _ confirmed: Set<String>,
        workers: Int,
        of host: HostProcess,
        on bed: TestBed
    ) async throws {
        #expect(try await host.stop() == 0)
        let deeds = bed.journal.deeds
        #expect(deeds.count("begun") == confirmed.count, "each ran once")
        #expect(deeds.allSatisfy { $0.attempt == 1 })
        #expect(Set(deeds.map(\.process)).count >= workers)
        #expect(host.deaths() == 0)
        try await bed.expectAllHandled(confirmed, by: "misbehave")
    }

    @Test func `an event that uses up the processor time of its worker is dead as crashed`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "limits: { cpuTime: 1s }\ntimeout: 60s\nretry: { maxAttempts: 1 }")
            let host = try await bed.startHost()
            try await bed.publish(bed.event(#"{"harm":"spin"}"#, id: "bad"))
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            #expect(dead.text("warren-dead-reason") == "crashed")
            #expect(dead.text("warren-error")?.contains("CPU time limit exceeded") == true)
            try await bed.expectHandled("good")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a function that opens too many files gets an error, and its worker lives on`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "limits: { openFiles: 64 }\nretry: { maxAttempts: 1 }")
            let host = try await bed.startHost()
            try await bed.publish(bed.event(#"{"harm":"openFiles"}"#, id: "bad"))
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            #expect(dead.text("warren-dead-reason") == "exhausted")
            let error = try #require(dead.text("warren-error"))
            #expect(error.hasPrefix("Too many open files after "))
            let opened = try #require(error.split(separator: " ").compactMap { Int($0) }.first)
            #expect((1..<64).contains(opened), "\(opened)")
            try await bed.expectHandled("good")
            #expect(Set(bed.journal.deeds.map(\.process)).count == 1)
            #expect(try await host.stop() == 0)
        }
    }

    // MARK: - Replacement

    @Test func `workers are replaced after about so many events`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "concurrency: 4\nrecycle: { afterEvents: 10 }")
            let host = try await bed.startHost()
            var confirmed: Set<String> = []
            for round in 1...4 {
                confirmed.formUnion(try await bed.publish((1...11).map { ("r\(round)-\($0)", "{}") }))
                try await bed.journal.wait(for: "round \(round)") { $0.events("ended") == confirmed }
                // It may have served what was left of the round.
                try await host.wait(for: "replacement \(round)") { _ in
                    host.count("a worker is replaced") == round
                }
                try await Self.expectEnd(ofWorkerOf: "r\(round)-1", on: bed)
            }
            let served = Dictionary(grouping: bed.journal.deeds.filter { $0.name == "begun" }, by: \.process)
            // A tenth less at least; at most what was left of a round and a whole one.
            #expect(served.values.allSatisfy { $0.count <= 13 }, "\(served.mapValues(\.count))")
            #expect(served.values.count { $0.count >= 9 } >= 3, "\(served.mapValues(\.count))")
            try await Self.expectUnharmed(confirmed, workers: 4, of: host, on: bed)
        }
    }

    @Test func `workers are replaced after about so much time, with or without work`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "concurrency: 4\nrecycle: { afterTime: 1s }")
            let host = try await bed.startHost()
            try await host.wait(for: "replacement without work") { _ in host.count("a worker is replaced") >= 1 }
            let published = try await bed.publishing(100, #"{"harm":"nap","amount":20}"#) {
                let before = host.count("a worker is replaced")
                try await host.wait(for: "replacement at work") { _ in
                    host.count("a worker is replaced") >= before + 2
                }
            }
            #expect(published.refused.isEmpty)
            try await bed.journal.wait(for: "every event") { $0.events("ended") == published.confirmed }
            try await Self.expectUnharmed(published.confirmed, workers: 2, of: host, on: bed)
        }
    }
}
