import LocalBroker
import Messaging
import Testing
import Waiting

/// The connection is lost between the beginning of an event's run and its acknowledgement: the broker delivers the
/// event again, and it is acknowledged without being run again. One after the other: they share a node whose listeners
/// they close.
@Suite(.serialized, .hangGuard)
struct LostAckTests {
    private static let events = 50

    /// Has as many events run as the tests need, each until the gate is opened.
    private static func run(
        emitting key: String? = nil,
        _ body: (TestBed, HostProcess, _ open: () throws -> Void) async throws -> Void
    ) async throws {
        try await TestBed.use(.cut) { bed in
            try bed.deploy("deliver", "concurrency: \(Self.events)\ntimeout: 15m")
            let host = try await bed.startHost()
            let emission = key.map { #", "emits":"\#($0)""# } ?? ""
            let events = (1...Self.events).map { ("e-\($0)", #"{"gate":"\#(bed.gate)"\#(emission)}"#) }
            let confirmed = try await bed.publish(events)
            try await bed.journal.wait(for: "all events running") { $0.count("begun") == Self.events }
            try await body(bed, host) { try bed.openGate() }
            try await bed.waitUntilTaken("deliver")
            #expect(try await host.stop() == 0)
            let deeds = bed.journal.deeds
            #expect(deeds.count("begun") == Self.events, "each ran once")
            #expect(deeds.count("ended") == Self.events)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `events that run while the connection is cut again and again run once`() async throws {
        try await Self.run { bed, host, open in
            for cut in 1...3 {
                #expect(try await bed.surgery("deliver").cutConnections() == 1)
                try await host.runs(time: cut + 1)
                try await bed.waitUntilTaken("deliver")
            }
            try open()
            try await bed.journal.wait(for: "every event") { $0.count("ended") == Self.events }
        }
    }

    @Test func `events that end while there is no connection are not run again`() async throws {
        try await Self.run { bed, host, open in
            try await bed.withoutListeners {
                #expect(try await bed.surgery("deliver").cutConnections() == 1)
                try await host.says("lost the connection to the broker; connecting again")
                try open()
                try await bed.journal.wait(for: "every event") { $0.count("ended") == Self.events }
            }
            try await host.runs(time: 2)
        }
    }

    @Test func `what events emit that end while there is no consuming connection leaves once`() async throws {
        try await Self.run(emitting: "work.done") { bed, host, open in
            let audit = try await bed.auditReader()
            try await bed.withoutListeners {
                #expect(try await bed.surgery("deliver").cutConnections() == 1)
                try await host.says("lost the connection to the broker; connecting again")
                try open()
                // The publishing connection still stands.
                _ = try await audit.messages(Self.events)
            }
            try await host.runs(time: 2)
            try await bed.waitUntilTaken("deliver")
            try Self.expectOnce(audit)
        }
    }

    @Test func `what events emit that end while there is no connection at all leaves once they are back`() async throws
    {
        try await Self.run(emitting: "work.done") { bed, host, open in
            let audit = try await bed.auditReader()
            try await bed.withoutListeners {
                try await bed.node.control(["close_all_connections", "cut by a test"])
                try await host.says("lost the connection to the broker; connecting again")
                try open()
                try await bed.journal.wait(for: "every event") { $0.count("ended") == Self.events }
                #expect(audit.taken.isEmpty)
            }
            try await host.runs(time: 2)
            _ = try await audit.messages(Self.events)
            try await bed.waitUntilTaken("deliver")
            try Self.expectOnce(audit)
        }
    }

    private static func expectOnce(_ audit: QueueReader) throws {
        let emitted = audit.taken
        #expect(emitted.count == Self.events)
        #expect(Set(emitted.map(\.id)).count == Self.events)
        #expect(
            Set(emitted.compactMap { $0.text("cloudEvents_causationid") }) == Set((1...Self.events).map { "e-\($0)" })
        )
    }

    /// The events that run when the host has noticed that its connection is lost, each with how often it began.
    private static func running(
        on bed: TestBed,
        afterInterruption number: Int,
        of host: HostProcess
    ) async throws -> [String: Int] {
        try await host.wait(for: "interruption \(number)") { log in
            log.count {
                ["deliveries stopped", "lost the connection to the broker; connecting again"].contains($0.message)
            } >= number
        }
        return Dictionary(grouping: bed.journal.deeds, by: \.event).compactMapValues { deeds in
            deeds.last?.name == "begun" ? deeds.count("begun") : nil
        }
    }

    /// Here acknowledgements are on their way at any moment. One that the host has written to its socket, and that the
    /// broker has not carried out when it closes the connection, nobody can tell from one that arrived: that event runs
    /// again. What still ran does not.
    @Test func `under load only events run again whose acknowledgement was on its way`() async throws {
        try await TestBed.use(.cut) { bed in
            let concurrency = 64
            let cuts = 3
            var counts: [[String: Int]] = []
            try bed.deploy("deliver", "concurrency: \(concurrency)")
            let host = try await bed.startHost()
            let confirmed = try await bed.load(#"{"milliseconds":200}"#, ahead: 350) {
                for cut in 1...cuts {
                    let before = bed.journal.deeds.count("ended")
                    try await bed.journal.wait(for: "load") { $0.count("ended") > before + concurrency }
                    async let running = Self.running(on: bed, afterInterruption: cut, of: host)
                    #expect(try await bed.surgery("deliver").cutConnections() == 1)
                    try await host.runs(time: cut + 1)
                    counts.append(try await running)
                }
            }
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            try await bed.waitUntilTaken("deliver")
            #expect(try await host.stop() == 0)
            let deeds = bed.journal.deeds
            let again = Dictionary(grouping: deeds, by: \.event).filter { $0.value.count > 2 }
            print("\(again.count) of \(confirmed.count) events ran again after \(cuts) cuts: \(again.keys.sorted())")
            let runs = Dictionary(grouping: deeds.filter { $0.name == "begun" }, by: \.event).mapValues(\.count)
            // What was read after a cut may have found nothing running on a slow machine, but not each time.
            #expect(counts.contains { !$0.isEmpty })
            for count in counts {
                #expect(count.allSatisfy { runs[$0.key] == $0.value }, "what ran at a cut did not run again")
            }
            #expect(again.count <= cuts * 3 * concurrency, "no more than the broker may have unacknowledged")
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }
}

extension SharedBroker {
    /// For tests that close the node's listeners for a while.
    fileprivate static let cut = SharedBroker()
}

extension TestBed {
    /// The node takes no connection meanwhile; those that stand go on.
    fileprivate func withoutListeners(_ body: () async throws -> Void) async throws {
        try await self.node.control(["suspend_listeners"])
        do {
            try await body()
        } catch {
            try await self.node.control(["resume_listeners"])
            throw error
        }
        try await self.node.control(["resume_listeners"])
    }
}

extension HostProcess {
    /// Waits until its only function runs, so many times counted from its start.
    func runs(time: Int) async throws {
        try await self.wait(for: "running for the \(time). time") { log in
            log.count { ["running", "running again"].contains($0.message) } >= time
        }
    }
}
