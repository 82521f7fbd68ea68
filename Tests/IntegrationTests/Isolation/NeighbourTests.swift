import Messaging
import Testing

/// A function keeps its pace beside one that does harm in the same host.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct NeighbourTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Of events of `misbehave`.
        let payload: String
        /// What the host's log shows at least so often within one measurement.
        let sign: String
        let signs: Int

        static let all = [
            Fault(
                testDescription: "a loop of crashes",
                payload: #"{"harm":"crash"}"#,
                sign: "a worker died; starting another",
                signs: 5
            ),
            Fault(
                testDescription: "events that hang",
                payload: #"{"harm":"hang"}"#,
                sign: "a worker died; starting another",
                signs: 2
            ),
            Fault(
                testDescription: "a flood of log lines",
                payload: #"{"harm":"print","amount":64}"#,
                sign: "log lines of a worker were dropped: it writes more than it may",
                signs: 2
            ),
            Fault(
                testDescription: "a function that takes all memory",
                payload: #"{"harm":"allocate"}"#,
                sign: "a worker died; starting another",
                signs: 2
            ),
        ]
    }

    /// Of the measurements, in milliseconds: below it a machine's other work weighs more than a neighbour's.
    private static let floor = 50.0
    /// Other tests at the same time can only make a measurement worse, so one of several is enough.
    private static let rounds = 3
    private static let length = Duration.seconds(3)

    @Test(arguments: Fault.all)
    func `a function keeps its pace beside a fault`(_ fault: Fault) async throws {
        try await TestBed.use { bed in
            try bed.deploy(
                "misbehave",
                keys: ["harm"],
                """
                concurrency: 4
                timeout: 300ms
                timeoutGrace: 200ms
                limits: { memory: 64MiB }
                retry: { maxAttempts: 1000, backoff: { initial: 100ms, max: 100ms } }
                """
            )
            try bed.deploy("measure", keys: [Neighbour.key])
            let host = try await bed.startHost()
            let neighbour = Neighbour(on: bed)
            _ = try await neighbour.percentile("warm", for: .seconds(1))
            let quiet = try await neighbour.percentile("quiet", for: Self.length)
            var kept = false
            _ = try await bed.publishing(50, key: "harm", prefix: "good", "{}") {
                // What succeeds in between keeps the function from being paused.
                let bad = (1...20).map { bed.event(fault.payload, id: "bad-\($0)", key: "harm") }
                #expect(await bed.broker.publish(bad).allSatisfy { $0 == .confirmed })
                try await bed.journal.wait(for: "harm") { deeds in
                    deeds.contains { $0.event.hasPrefix("bad-") && $0.name == "begun" }
                }
                for round in 1...Self.rounds where !kept {
                    let loud = try await neighbour.percentile("loud-\(round)", for: Self.length)
                    let ratio = Double(Int(loud / quiet * 100)) / 100
                    print("p99 beside \(fault.testDescription): \(loud) ms, without it \(quiet) ms, ratio \(ratio)")
                    kept = loud <= max(2 * quiet, Self.floor)
                }
            }
            #expect(kept)
            #expect(host.count(fault.sign) >= fault.signs, "harm was done")
            let deeds = bed.journal.deeds.filter { $0.name.hasPrefix("took-") }
            #expect(Set(deeds.map(\.event)).count == deeds.count, "each of the neighbour's events ran once")
            #expect(deeds.allSatisfy { $0.attempt == 1 })
        }
    }
}
