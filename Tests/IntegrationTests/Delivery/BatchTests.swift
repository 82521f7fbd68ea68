import Glibc
import Messaging
import Testing
import Waiting

/// Functions that take several events at a time.
@Suite(.hangGuard)
struct BatchTests {
    private static func ids(_ count: Int) -> [String] { (1...count).map { "e-\($0)" } }

    private static var now: Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
    }

    @Test func `a burst comes in full batches, and a lone event after its wait`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("gather", "concurrency: 1\nbatch: { size: 10, wait: 3s }")
            let host = try await bed.startHost()
            var confirmed = await bed.publish(ids: Self.ids(100), "{}")
            try await bed.journal.wait(for: "every event") { $0.events("done") == confirmed }
            #expect(bed.journal.deeds.batches.map(\.size) == Array(repeating: 10, count: 10))
            let begin = Self.now
            confirmed.formUnion(await bed.publish(ids: ["lone"], "{}"))
            let deeds = try await bed.journal.wait(for: "the lone event") { $0.events("done") == confirmed }
            let lone = try #require(deeds.batches.last)
            #expect(lone.events == ["lone"])
            #expect(lone.began - begin >= 3000)
            #expect(deeds.count("done") == 101)
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, as: "done", by: "gather")
        }
    }

    @Test func `of a batch only the events that failed run again`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "gather",
                """
                batch: { size: 20, wait: 2s }
                retry: { backoff: { initial: 100ms } }
                """
            )
            let host = try await bed.startHost()
            let mishaps = ["e-3": "fail", "e-7": "fail", "e-11": "reject"]
            let confirmed = try await bed.publish(
                Self.ids(20).map { id in (id, mishaps[id].map { #"{"mishap":"\#($0)"}"# } ?? "{}") }
            )
            let deeds = try await bed.journal.wait(for: "all that can be handled") { deeds in
                deeds.events("done") == confirmed.subtracting(["e-11"])
            }
            #expect(deeds.batches.first?.events == Self.ids(20))
            for id in Self.ids(20) {
                switch mishaps[id] {
                case "fail": #expect(deeds.ends(of: id) == ["failed 1", "done 2"])
                case "reject": #expect(deeds.ends(of: id) == ["refused 1"])
                default: #expect(deeds.ends(of: id) == ["done 1"])
                }
            }
            let dead = try await bed.reader(bed.deadLetters("gather")).message()
            #expect(dead.id == "e-11")
            #expect(dead.text("warren-dead-reason") == "rejected")
            #expect(try await host.stop() == 0)
            var ledger = try await bed.ledger(confirmed: confirmed, handled: deeds.events("done"), function: "gather")
            ledger.dead.insert(dead.id)
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `a batch that throws fails as a whole`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "gather",
                """
                batch: { size: 10, wait: 2s }
                retry: { backoff: { initial: 100ms } }
                """
            )
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(
                Self.ids(10).map { ($0, $0 == "e-4" ? #"{"mishap":"fatal"}"# : "{}") }
            )
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("done") == confirmed }
            for id in Self.ids(10) { #expect(deeds.ends(of: id) == ["thrown 1", "done 2"]) }
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, as: "done", by: "gather")
        }
    }

    @Test func `an event that crashes its batch is found and charged alone`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "gather",
                """
                concurrency: 1
                batch: { size: 10, wait: 2s }
                retry: { maxAttempts: 2, backoff: { initial: 100ms } }
                """
            )
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(
                Self.ids(30).map { ($0, $0 == "e-5" ? #"{"mishap":"crash"}"# : "{}") }
            )
            let neighbours = confirmed.subtracting(["e-5"])
            let dead = try await bed.reader(bed.deadLetters("gather")).message()
            #expect(dead.id == "e-5")
            #expect(dead.text("warren-dead-reason") == "crashed")
            #expect(dead.text("warren-error")?.contains("told to crash") == true)
            #expect(dead.number("warren-attempt") == 2)
            let deeds = try await bed.journal.wait(for: "every neighbour") { $0.events("done") == neighbours }
            #expect(deeds.batches.first?.events == Self.ids(10), "the culprit was in company")
            #expect(deeds.allSatisfy { $0.attempt == 1 || $0.event == "e-5" }, "no neighbour is charged")
            for id in neighbours { #expect(deeds.ends(of: id) == ["done 1"]) }
            #expect(try await host.stop() == 0)
            var ledger = try await bed.ledger(confirmed: confirmed, handled: neighbours, function: "gather")
            ledger.dead.insert(dead.id)
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `a host that drains lets a batch go that is not full`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("gather", "batch: { size: 10, wait: 8s }")
            try bed.deploy("record", keys: ["mark"])
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: Self.ids(3), #"{"milliseconds":200}"#)
            try await bed.waitUntilTaken("gather")
            // It comes over the same connection as the others, later.
            try await bed.publish(bed.event("{}", id: "mark", key: "mark"))
            try await bed.journal.wait(for: "the mark") { $0.count("recorded") == 1 }
            #expect(bed.journal.deeds.batches.isEmpty, "they wait for company")
            #expect(try await host.stop() == 0)
            let batches = bed.journal.deeds.batches
            #expect(batches.map(\.size) == [3])
            #expect(bed.journal.deeds.count("done") == 3)
            try await bed.expectAllHandled(confirmed, as: "done", by: "gather")
        }
    }

    @Test func `two lanes run two batches at a time`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("gather", "concurrency: 2\nbatch: { size: 5, wait: 5s }")
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: Self.ids(40), #"{"milliseconds":500}"#)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("done") == confirmed }
            #expect(deeds.batches.map(\.size) == Array(repeating: 5, count: 8))
            #expect(deeds.batchPeak == 2)
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, as: "done", by: "gather")
        }
    }

    @Test func `without batch in the manifest a batch function gets one event at a time`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("gather", "concurrency: 4")
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: Self.ids(40), #"{"milliseconds":20}"#)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("done") == confirmed }
            #expect(deeds.batches.map(\.size) == Array(repeating: 1, count: 40))
            #expect(deeds.batchPeak <= 4)
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, as: "done", by: "gather")
        }
    }

    @Test func `a function that takes no batches says so, and its events wait`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("record", "batch: { size: 10, wait: 1s }")
            try bed.deploy("deliver", keys: ["other"])
            let host = try await bed.startHost(waitingFor: "unhealthy")
            let log = try await host.wait(for: "the other function") { log in
                log.contains { $0.message == "running" && $0["function"] == "deliver" }
            }
            let entry = try #require(log.first { $0.message == "unhealthy" && $0["function"] == "record" })
            #expect(
                entry["reason"]?.contains("record is not a BatchFunction; remove 'batch' from its manifest") == true
            )
            try await wait(for: "the queue") { await bed.broker.publish([bed.event("{}", id: "e-1")]) == [.confirmed] }
            try await bed.publish(bed.event("{}", id: "o-1", key: "other"))
            try await bed.journal.wait(for: "the other function's event") { $0.events("ended") == ["o-1"] }
            #expect(try await host.stop() == 0)
            #expect(try await bed.drainQueue(bed.queue("record")).map(\.id) == ["e-1"])
            #expect(bed.journal.deeds.count("recorded") == 0)
        }
    }
}

/// A batch, as the journal has it.
private struct Batch {
    let name: String
    let size: Int
    var events: [String]
    /// On the journal's clock, in milliseconds.
    let began: Int
}

extension [Journal.Deed] {
    /// In the order in which they began.
    fileprivate var batches: [Batch] {
        var batches: [Batch] = []
        for deed in self where deed.name.hasPrefix("in-") {
            let name = "\(deed.process) \(deed.name)"
            if let index = batches.lastIndex(where: { $0.name == name }) {
                batches[index].events.append(deed.event)
            } else {
                let size = deed.name.split(separator: "-").last.flatMap { Int($0) } ?? 0
                batches.append(Batch(name: name, size: size, events: [deed.event], began: deed.milliseconds))
            }
        }
        return batches
    }

    /// The greatest number of batches at any time.
    fileprivate var batchPeak: Int {
        var running: Set<String> = []
        var peak = 0
        for deed in self {
            let parts = deed.name.split(separator: "-")
            guard parts.count == 4 else { continue }
            let batch = "\(deed.process) \(parts[1])"
            if parts[0] == "in" { running.insert(batch) } else { running.remove(batch) }
            peak = Swift.max(peak, running.count)
        }
        return peak
    }

    /// How an event ended in each batch that it was in, with the attempt.
    fileprivate func ends(of event: String) -> [String] {
        self.filter { $0.event == event && !$0.name.contains("-of-") }.map { "\($0.name) \($0.attempt)" }
    }
}
