import FoundationEssentials
import Messaging
import Testing
import Waiting

extension LoadTests {
    /// A function keeps its pace beside one that does harm in the same host.
    @Suite
    struct NeighbourTests {
        struct Fault: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// Of events of `misbehave`.
            let payload: String
            /// What the host's log shows so often before anything is measured.
            let sign: String
            let signs: Int

            private static let death = "a worker died; starting another"
            private static let drop = "log lines of a worker were dropped: it writes more than it may"

            static let all = [
                Fault(testDescription: "a loop of crashes", payload: #"{"harm":"crash"}"#, sign: Self.death, signs: 5),
                Fault(testDescription: "events that hang", payload: #"{"harm":"hang"}"#, sign: Self.death, signs: 2),
                Fault(
                    testDescription: "a flood of log lines",
                    payload: #"{"harm":"print","amount":64}"#,
                    sign: Self.drop,
                    signs: 2
                ),
                Fault(
                    testDescription: "events that take all memory",
                    payload: #"{"harm":"allocate"}"#,
                    sign: Self.death,
                    signs: 2
                ),
            ]
        }

        /// Events that the function which does harm may have at a time.
        private static let concurrency = 4
        /// Of one part of a measurement.
        private static let length = Duration.seconds(1)

        @Test func `while a function holds all that it may, for as long as it likes, another one handles its events`()
            async throws
        {
            try await TestBed.use { bed in
                let gate = "\(bed.directory)/gate"
                try bed.deploy("misbehave", keys: ["harm"], "concurrency: 4\ntimeout: 20m")
                try bed.deploy("record", keys: [Neighbour.key])
                let host = try await bed.startHost()
                let held = (1...40).map { bed.event(#"{"gate":"\#(gate)"}"#, id: "bad-\($0)", key: "harm") }
                #expect(await bed.broker.publish(held).allSatisfy { $0 == .confirmed })
                try await bed.journal.wait(for: "harm") { $0.events("begun").count == 4 }
                let events = (1...500).map { bed.event("{}", id: "e-\($0)", key: Neighbour.key) }
                #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
                let deeds = try await bed.journal.wait(for: "every event of the neighbour") {
                    $0.events("recorded").count == events.count
                }
                #expect(deeds.count("recorded") == events.count, "each ran once")
                #expect(deeds.events("begun").count == 4 && deeds.events("ended").isEmpty, "the other still held on")

                try "".write(toFile: gate, atomically: true, encoding: .utf8)
                try await bed.journal.wait(for: "the rest") { $0.events("ended").count == held.count }
                #expect(try await host.stop() == 0)
            }
        }

        @Test(arguments: Fault.all)
        func `a function keeps its pace beside a fault`(_ fault: Fault) async throws {
            try await TestBed.use { apart in
                try apart.deploy("measure", keys: [Neighbour.key])
                _ = try await apart.startHost()
                try await TestBed.use { bed in try await Self.measure(fault, on: bed, apart: apart) }
            }
        }

        private static func measure(_ fault: Fault, on bed: TestBed, apart: TestBed) async throws {
            try bed.deploy(
                "misbehave",
                keys: ["harm"],
                """
                concurrency: \(self.concurrency)
                timeout: 300ms
                timeoutGrace: 200ms
                limits: { memory: 64MiB }
                retry: { maxAttempts: 1 }
                """
            )
            try bed.deploy("measure", keys: [Neighbour.key])
            let host = try await bed.startHost()
            _ = try await Self.compare("warm", for: Self.length, bed, apart)
            try await Self.doing(fault.payload, on: bed) {
                try await host.wait(for: "harm in the log") { _ in host.count(fault.sign) >= fault.signs }
                try await LoadTests.expectFair(
                    fault.testDescription,
                    harm: { bed.journal.deeds.count { $0.event.hasPrefix("bad-") && $0.name == "begun" } },
                    measure: { try await Self.compare("loud-\($0)", for: Self.length, bed, apart) }
                )
            }
            let deeds = bed.journal.deeds.filter { $0.name.hasPrefix("took-") }
            #expect(Set(deeds.map(\.event)).count == deeds.count, "each of the neighbour's events ran once")
            #expect(deeds.allSatisfy { $0.attempt == 1 })
        }

        /// Has harm done again and again while the body runs.
        private static func doing(
            _ harm: String,
            on bed: TestBed,
            while body: () async throws -> Void
        ) async throws {
            _ = try await bed.publishing(50, key: "harm", prefix: "good", "{}") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.harm(harm, on: bed) }
                    try await body()
                    group.cancelAll()
                    do { try await group.waitForAll() } catch is CancellationError {}
                }
            }
        }

        /// As often as it can be done until the task is cancelled. A function is paused when its workers die and
        /// nothing succeeds in between, and a paused one harms nobody: so the next event comes when the host knows of
        /// a success. What a worker has done whose result died with it is none. But when a worker has ended more
        /// events than the host gives it at a time, the host has the result of one of them.
        private static func harm(_ payload: String, on bed: TestBed) async throws {
            var number = 0
            while true {
                number += 1
                let id = "bad-\(number)"
                try await bed.publish(bed.event(payload, id: id, key: "harm"))
                try await bed.journal.wait(for: "success after \(id)") { deeds in
                    guard let begin = deeds.lastIndex(where: { $0.event == id && $0.name == "begun" }) else {
                        return false
                    }
                    let ended = deeds[begin...].filter { $0.name == "ended" }
                    let hasSurvived = ended.contains { $0.event == id }
                    let good = ended.filter { $0.event.hasPrefix("good-") }
                    return Dictionary(grouping: good, by: \.process).contains { process, events in
                        (hasSurvived || process != deeds[begin].process) && events.count > Self.concurrency
                    }
                }
            }
        }

        private static func compare(
            _ name: String,
            for length: Duration,
            _ bed: TestBed,
            _ apart: TestBed
        ) async throws -> Comparison {
            async let far = Neighbour(on: apart).times(name, for: length)
            async let near = Neighbour(on: bed).times(name, for: length)
            return try await Comparison(near: near, far: far)
        }
    }
}
