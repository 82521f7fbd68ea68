import Testing
import Waiting

extension LoadTests {
    /// A function that writes more than anybody can read costs its host nothing but the reading.
    @Suite
    struct LogFloodTests {
        /// A flood, as the payload of `misbehave`.
        struct Flood: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let payload: String
            /// At least, with what may be logged all the same taken off.
            let lines: Int

            static let all = [
                Flood(
                    testDescription: "256 MiB printed",
                    payload: #"{"harm":"print","amount":256}"#,
                    lines: 2_000_000
                ),
                Flood(
                    testDescription: "100,000 lines of the logger",
                    payload: #"{"harm":"log","amount":100000}"#,
                    lines: 50_000
                ),
            ]
        }

        @Test(arguments: Flood.all)
        func `a flood of log lines is dropped and counted, and the host stays as it is`(_ flood: Flood) async throws {
            try await TestBed.use { bed in
                try bed.deploy("misbehave", "timeout: 4m\nretry: { maxAttempts: 1 }")
                try bed.deploy("record", keys: ["neighbour"])
                let host = try await bed.startHost()
                try await bed.expectHandled("before", key: "neighbour", as: "recorded")
                // A small one, so that the host has all that it needs for one.
                try await bed.expectHandled("small", #"{"harm":"print","amount":4}"#)
                let (descriptors, memory) = (host.facts.descriptors, host.facts.residentKiB)
                let confirmed = try await bed.publish([("flood", flood.payload)])
                var peak = memory
                var beside = 0
                try await wait(for: "end of the flood") {
                    peak = max(peak, host.facts.residentKiB)
                    // One or two for the moment in which it looks for changed manifests.
                    #expect(host.facts.descriptors <= descriptors + 2)
                    try await bed.expectHandled("beside-\(beside)", key: "neighbour", as: "recorded")
                    beside += 1
                    return bed.journal.deeds.contains { $0.event == "flood" && $0.name == "ended" }
                }
                #expect(peak - memory < 8 << 10, "\(memory) KiB before, \(peak) KiB at its height")
                #expect(beside > 1, "the neighbour handled events during the flood")
                let dropped = "log lines of a worker were dropped: it writes more than it may"
                try await host.wait(for: "number of the dropped lines") { log in
                    let counts = log.compactMap { $0.message == dropped ? $0["lines"].flatMap { Int($0) } : nil }
                    return counts.reduce(0, +) >= flood.lines
                }
                #expect(try await host.stop() == 0)
                #expect(host.deaths() == 0)
                try await bed.settle(confirmed, by: "misbehave").expectBalance()
            }
        }
    }
}
