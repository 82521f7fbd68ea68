import Glibc
import Testing
import Waiting

/// Ordered functions: one event at a time over all hosts, in the order of the queue, whatever fails or goes.
@Suite(.hangGuard)
struct OrderTests {
    private static let settings = """
        ordered: true
        retry:
          maxAttempts: 5
          backoff: { initial: 200ms, multiplier: 1, jitter: 0 }
        """

    private static func ids(_ numbers: ClosedRange<Int>) -> [String] { numbers.map { "e-\($0)" } }

    /// Events in their order; what some of them do is given by their number.
    private static func events(
        _ numbers: ClosedRange<Int>,
        milliseconds: Int = 3,
        _ special: [Int: String] = [:]
    ) -> [(id: String, body: String)] {
        numbers.map { number in
            ("e-\(number)", "{\"milliseconds\":\(milliseconds)\(special[number].map { ",\($0)" } ?? "")}")
        }
    }

    @Test func `two hosts keep the order of a queue whatever fails`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", Self.settings)
            let hosts = [try await bed.startHost(), try await bed.startHost()]
            let confirmed = try await bed.publish(
                Self.events(1...200, [50: #""failures":3"#, 100: #""failures":99"#, 150: #""deferrals":3"#])
            )
            let deeds = try await bed.journal.wait(for: "the last event") { $0.events("ended").contains("e-200") }
            #expect(deeds.firstEnds == Self.ids(1...200).filter { $0 != "e-100" })
            #expect(deeds.overlaps.isEmpty, "one at a time, and nothing overtakes")
            #expect(deeds.runs(of: "e-50") == ["failed 1", "failed 2", "failed 3", "ended 4"])
            #expect(deeds.runs(of: "e-100") == (1...5).map { "failed \($0)" })
            #expect(deeds.runs(of: "e-150") == ["put-off 1", "put-off 1", "put-off 1", "ended 1"])
            for event in ["e-50", "e-100"] { #expect(deeds.pauses(of: event).allSatisfy { $0 >= 200 }) }
            #expect(deeds.pauses(of: "e-150").allSatisfy { $0 >= 100 })
            #expect(deeds.count("ended") == 199, "each once")
            let dead = try await bed.reader(bed.deadLetters("deliver")).message()
            #expect(dead.id == "e-100")
            #expect(dead.text("warren-dead-reason") == "exhausted")
            #expect(dead.number("warren-attempt") == 5)
            for host in hosts { #expect(try await host.stop() == 0) }
            var ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: deeds.events("ended"),
                function: "deliver"
            )
            ledger.dead.insert(dead.id)
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    /// Two hosts under load; something is done to the one that gets the events when it is in the middle of them.
    private static func change(
        _ body: (_ active: HostProcess) async throws -> Void
    ) async throws -> [Journal.Deed] {
        var deeds: [Journal.Deed] = []
        try await TestBed.use { bed in
            try bed.deploy("deliver", Self.settings)
            let hosts = [try await bed.startHost(), try await bed.startHost()]
            let confirmed = try await bed.publish(Self.events(1...400, milliseconds: 10))
            deeds = try await bed.journal.wait(for: "load") { $0.count("ended") >= 50 }
            let worker = try #require(deeds.last?.process)
            let active = try #require(hosts.firstIndex { $0.hasWorker(worker) })
            try await body(hosts[active])
            deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.contains { $0.process != worker }, "the other host went on")
            #expect(deeds.firstEnds == Self.ids(1...400))
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            #expect(try await hosts[1 - active].stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
        return deeds
    }

    @Test func `a host that drains hands the queue over in order, and every event runs once`() async throws {
        let deeds = try await Self.change { host in
            let code = try await host.stop()
            #expect(code == 0)
        }
        #expect(deeds.count("ended") == 400)
        #expect(deeds.overlaps.isEmpty)
    }

    @Test func `a host that is killed leaves the queue in order, and only the event that it ran runs again`()
        async throws
    {
        let deeds = try await Self.change { host in host.warren.signal(SIGKILL) }
        let first = deeds.first?.process
        let lastOfFirst = deeds.last { $0.process == first && $0.name == "begun" }?.event
        let again = Dictionary(grouping: deeds.filter { $0.name == "begun" }, by: \.event).filter { $0.value.count > 1 }
        #expect(
            again.keys.allSatisfy { $0 == lastOfFirst },
            "ran again: \(again.keys), the break: \(lastOfFirst ?? "")"
        )
    }

    @Test func `a host that drains while the first event waits for its next attempt gives it back in its place`()
        async throws
    {
        try await TestBed.use { bed in
            try bed.deploy(
                "deliver",
                """
                ordered: true
                retry:
                  backoff: { initial: 5s, multiplier: 1, jitter: 0 }
                """
            )
            let first = try await bed.startHost()
            let second = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events(1...10, [1: #""failures":1"#]))
            try await bed.journal.wait(for: "the first failure") { $0.count("failed") == 1 }
            #expect(try await first.stop() == 0)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(
                deeds.runs(of: "e-1") == ["failed 1", "failed 1", "ended 2"],
                "the other host begins its history anew"
            )
            #expect(deeds.firstEnds == Self.ids(1...10))
            #expect(deeds.overlaps.isEmpty && deeds.count("ended") == 10)
            #expect(try await second.stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `a connection cut while the first event waits for its next attempt changes nothing`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "deliver",
                """
                ordered: true
                retry:
                  backoff: { initial: 3s, multiplier: 1, jitter: 0 }
                """
            )
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events(1...10, [1: #""failures":2"#]))
            for failures in 1...2 {
                try await bed.journal.wait(for: "failure \(failures)") { $0.count("failed") == failures }
                #expect(try await bed.surgery("deliver").cutConnections() == 1)
                try await host.runs(time: failures + 1)
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.runs(of: "e-1") == ["failed 1", "failed 2", "ended 3"], "its history goes on")
            #expect(deeds.pauses(of: "e-1").allSatisfy { $0 >= 3000 }, "no attempt came early")
            #expect(deeds.firstEnds == Self.ids(1...10))
            #expect(deeds.overlaps.isEmpty && deeds.count("ended") == 10)
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `connections cut under load leave the queue in order over both hosts`() async throws {
        let cuts = 3
        try await TestBed.use { bed in
            try bed.deploy("deliver", Self.settings)
            let hosts = [try await bed.startHost(), try await bed.startHost()]
            let confirmed = try await bed.load(#"{"milliseconds":10}"#, ahead: 150) {
                for cut in 1...cuts {
                    let before = bed.journal.deeds.count("ended")
                    try await bed.journal.wait(for: "load") { $0.count("ended") > before }
                    #expect(try await bed.surgery("deliver").cutConnections() == 2)
                    for host in hosts { try await host.runs(time: cut + 1) }
                }
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.firstEnds == (0..<confirmed.count).map { "e-\($0)" })
            // One event is under way at any time, and each host's connection is closed by itself.
            #expect(deeds.count("begun") - confirmed.count <= cuts * hosts.count)
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            for host in hosts { #expect(try await host.stop() == 0) }
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `a connection cut while the first event runs does not run it again`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", Self.settings + "\ntimeout: 15m")
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events(1...10, [1: #""gate":"\#(bed.gate)""#]))
            try await bed.journal.wait(for: "the first event running") { $0.count("begun") == 1 }
            #expect(try await bed.surgery("deliver").cutConnections() == 1)
            try await host.runs(time: 2)
            try bed.openGate()
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.firstEnds == Self.ids(1...10))
            #expect(deeds.overlaps.isEmpty && deeds.count("begun") == 10)
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `an event that kills its worker holds its place, and is charged alone`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", Self.settings)
            let host = try await bed.startHost()
            let confirmed = try await bed.publish(Self.events(1...20, [5: #""crashes":2"#, 15: #""crashes":1"#]))
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.firstEnds == Self.ids(1...20))
            // Before it is charged it is run once more, in a worker that never ran anything else.
            func attempts(_ event: String) -> [Int] {
                deeds.filter { $0.name == "begun" && $0.event == event }.map(\.attempt)
            }
            #expect(Set(attempts("e-5")) == [1, 2, 3] && attempts("e-5") == attempts("e-5").sorted())
            #expect(Set(attempts("e-15")) == [1, 2] && attempts("e-15") == attempts("e-15").sorted())
            let charged = attempts("e-5").count + attempts("e-15").count
            #expect((5...8).contains(charged))
            #expect(deeds.allSatisfy { $0.attempt == 1 || $0.event == "e-5" || $0.event == "e-15" })
            #expect(deeds.count("begun") == 18 + charged)
            #expect(deeds.overlaps.isEmpty)
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }
}

extension HostProcess {
    fileprivate func hasWorker(_ process: pid_t) -> Bool {
        ProcessFacts(self.warren.process).children.contains { $0.process == process }
    }
}

extension [Journal.Deed] {
    /// The events that have ended, in the order in which each did so for the first time.
    fileprivate var firstEnds: [String] {
        var seen: Set<String> = []
        return self.filter { $0.name == "ended" && seen.insert($0.event).inserted }.map(\.event)
    }

    /// Events that began before the one before them was over: ended, or failed for the fifth and last time.
    fileprivate var overlaps: [String] {
        var head: String?
        var strange: [String] = []
        var over: Set<String> = []
        for deed in self {
            if deed.name == "begun", let head, head != deed.event, !over.contains(head) {
                strange.append("\(deed.event) in the time of \(head)")
            }
            head = deed.event
            if deed.name == "ended" || deed.name == "failed" && deed.attempt == 5 { over.insert(deed.event) }
        }
        return strange
    }

    /// How the runs of an event ended, each with its attempt.
    fileprivate func runs(of event: String) -> [String] {
        self.filter { $0.event == event && $0.name != "begun" }.map { "\($0.name) \($0.attempt)" }
    }

    /// Milliseconds from the end of each run of an event to the beginning of the next.
    fileprivate func pauses(of event: String) -> [Int] {
        let own = self.filter { $0.event == event }
        return zip(own, own.dropFirst()).filter { $1.name == "begun" && $0.name != "begun" }.map {
            $1.milliseconds - $0.milliseconds
        }
    }
}
