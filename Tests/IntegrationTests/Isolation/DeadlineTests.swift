import Testing
import Waiting

/// Functions that go on after their time is over and they were cancelled.
@Suite(.hangGuard)
struct DeadlineTests {
    private static func settings(timeout: String = "500ms") -> String {
        """
        timeout: \(timeout)
        timeoutGrace: 300ms
        retry: { maxAttempts: 2, backoff: { initial: 100ms } }
        """
    }

    @Test func `an event that blocks its thread is dead as timed out after all its attempts`() async throws {
        try await TestBed.use { bed in
            // Another event of the function has to succeed in this time.
            try bed.deploy("misbehave", Self.settings(timeout: "3s"))
            let host = try await bed.startHost()
            var confirmed = try await bed.publish([("bad", #"{"harm":"spin"}"#)])
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            #expect(dead.id == "bad")
            #expect(dead.text("warren-dead-reason") == "timed-out")
            #expect(
                dead.text("warren-error")
                    == "did not end within 3 s, nor within 300 ms of its cancellation; its worker was killed"
            )
            #expect(dead.number("warren-attempt") == 2)
            confirmed.formUnion(try await bed.publish([("good", "{}")]))
            let deeds = try await bed.journal.wait(for: "next event") { $0.events("ended") == ["good"] }
            #expect(deeds.attempts(of: "bad") == [1, 2])
            #expect(Set(deeds.processes(of: "bad")).count == 2, "a killed worker does not come again")
            #expect(host.deaths("did not end when it was cancelled") == 2)
            #expect(try await host.stop() == 0)
            let ledger = try await bed.settle(confirmed, dead: [dead], by: "misbehave")
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `an event that ends by its cancellation is dead as timed out, and the reason says so`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", Self.settings())
            let host = try await bed.startHost()
            let confirmed = try await bed.publish([("bad", #"{"harm":"nap","amount":600000}"#)])
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            #expect(dead.text("warren-dead-reason") == "timed-out")
            #expect(dead.text("warren-error") == "did not end within 500 ms")
            #expect(dead.text("warren-error-type") == "TimedOut")
            #expect(host.log.contains { $0["error"] == "did not end within 500 ms" })
            #expect(host.deaths() == 0)
            #expect(try await host.stop() == 0)
            try await bed.settle(confirmed, dead: [dead], by: "misbehave").expectBalance()
        }
    }

    @Test func `events that block all threads of their worker are all dead as timed out`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", "concurrency: 6\n" + Self.settings())
            try bed.deploy("record", keys: ["neighbour"])
            let host = try await bed.startHost()
            let confirmed = try await bed.publish((1...6).map { ("bad-\($0)", #"{"harm":"spin"}"#) })
            let reader = try await bed.reader(bed.deadLetters("misbehave"))
            try await bed.expectHandled("beside", key: "neighbour", as: "recorded")
            let dead = try await reader.messages(6)
            #expect(Set(dead.map(\.id)) == confirmed)
            #expect(dead.allSatisfy { $0.text("warren-dead-reason") == "timed-out" })
            #expect(dead.allSatisfy { $0.number("warren-attempt") == 2 })
            #expect(try await host.stop() == 0)
            let ledger = try await bed.settle(confirmed, dead: dead, by: "misbehave")
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    @Test func `a worker is killed with the processes that its function has started`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("misbehave", Self.settings())
            let host = try await bed.startHost()
            try await bed.publish(bed.event(#"{"harm":"fork"}"#, id: "bad"))
            let begun = try await bed.journal.wait(for: "child") { !$0.children.isEmpty }
            let first = ProcessFacts(try #require(begun.children.first))
            #expect(first.isAlive)
            let dead = try await bed.reader(bed.deadLetters("misbehave")).message()
            #expect(dead.text("warren-dead-reason") == "timed-out")
            let children = bed.journal.deeds.children.map(ProcessFacts.init)
            #expect(children.count == 2, "one for each attempt")
            try await wait(for: "end of the children") { children.allSatisfy { !$0.isAlive } }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `what ran beside an event that hung is run again and not charged`() async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "misbehave",
                """
                concurrency: 8
                timeout: 10s
                timeoutGrace: 300ms
                retry: { maxAttempts: 1 }
                """
            )
            let host = try await bed.startHost()
            let reader = try await bed.reader(bed.deadLetters("misbehave"))
            var confirmed = try await bed.publish([("bad", #"{"harm":"hang"}"#)])
            var next = 0
            // Each ends far from the deadline, and takes so long that at any time some run, also when publishing
            // stalls.
            try await wait(for: "the death of the worker") {
                let batch = (next..<next + 4).map { ("e-\($0)", #"{"harm":"nap","amount":3000}"#) }
                confirmed.formUnion(try await bed.publish(batch))
                next += 4
                try await bed.journal.wait(for: "place for more") { Self.isNearlyDone($0, confirmed) }
                return host.deaths() >= 1
            }
            let dead = try await reader.message()
            #expect(dead.id == "bad")
            let neighbours = confirmed.subtracting(["bad"])
            let deeds = try await bed.journal.wait(for: "every neighbour") { $0.events("ended") == neighbours }
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            #expect(neighbours.contains { deeds.runs[$0] == 2 }, "the worker was killed with neighbours in flight")
            #expect(try await host.stop() == 0)
            let ledger = try await bed.settle(confirmed, dead: [dead], by: "misbehave")
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty && ledger.parked.isEmpty)
        }
    }

    /// So that the next ones are taken before these are done.
    private static func isNearlyDone(_ deeds: [Journal.Deed], _ confirmed: Set<String>) -> Bool {
        deeds.events("ended").count + 4 >= confirmed.count
    }
}
