import AMQP
import FoundationEssentials
import Glibc
import Messaging
import Testing
import Waiting

/// Workers that break every rule while they work: they cost their own events attempts, and nobody else anything.
@Suite(.hangGuard)
struct EvilDeathTests {
    /// What a worker does when it gets an event, and what becomes of the event.
    struct Evil: Sendable {
        let deed: String
        /// Nil: it is handled all the same.
        let deadReason: String?
        /// In the log and in the dead letter.
        let words: String

        var function: String { "evil-\(self.deed)" }
        /// Long enough for the host to see by itself what is wrong, when it can.
        var timeout: String { self.deadReason == "timed-out" ? "300ms" : "60s" }

        static let all = [
            Evil(deed: "stubborn", deadReason: "timed-out", words: "its worker was killed"),
            Evil(deed: "freezes", deadReason: "timed-out", words: "its worker was killed"),
            Evil(deed: "forks", deadReason: "crashed", words: "it exited with code 5"),
            Evil(deed: "deserts", deadReason: "crashed", words: "it exited with code 5"),
            Evil(deed: "hangs-up", deadReason: "crashed", words: "it closed its socket and did not exit"),
            Evil(deed: "stranger", deadReason: "crashed", words: "which it was not running"),
            Evil(deed: "cut-result", deadReason: "crashed", words: "broke the worker protocol"),
            Evil(deed: "twice", deadReason: nil, words: "which it was not running"),
        ]
    }

    /// Fewer than degrade a function.
    private static let deaths = 4

    private static func deploy(on bed: TestBed, bundles: String) throws {
        try FileManager.default.createDirectory(atPath: bundles, withIntermediateDirectories: true)
        let build = WarrenProcess.directory
        for (name, target) in Evil.all.map({ ($0.function, "evil-worker") }) + [("test-functions", "test-functions")] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(bundles)/\(name)",
                withDestinationPath: "\(build)/\(target)"
            )
        }
        for evil in Evil.all {
            try bed.put(
                Draft(evil.function, handler: "\(evil.function)/work").with { draft in
                    draft.keys = [evil.function]
                    draft.settings =
                        "concurrency: 1\ntimeout: \(evil.timeout)\ntimeoutGrace: 200ms\nretry: { maxAttempts: 1 }"
                }
            )
        }
        try bed.deploy("record", keys: ["neighbour"])
    }

    @Test func `evil workers cost their own events only, and leave nothing behind in their host`() async throws {
        try await TestBed.use { bed in
            let bundles = "\(bed.directory)/evil-bundles"
            try Self.deploy(on: bed, bundles: bundles)
            let host = try await bed.startHost(bundles: bundles)
            try await bed.expectHandled("before", key: "neighbour", as: "recorded")
            let (descriptors, memory) = (host.facts.descriptors, host.facts.residentKiB)
            let threads = host.facts.threads
            var confirmed: [String: Set<String>] = [:]
            for evil in Evil.all {
                let ids = (1...Self.deaths).map { "\(evil.function)-\($0)" }
                for id in ids { try await bed.publish(bed.event("{}", id: id, key: evil.function)) }
                confirmed[evil.function] = Set(ids)
            }
            for evil in Evil.all {
                try await host.wait(for: "deaths of \(evil.function)") { _ in
                    Self.deaths(of: evil, host) == Self.deaths
                }
                let dead = try await Self.expectEnd(of: evil, confirmed[evil.function, default: []], on: bed)
                try await bed.expectHandled("beside-\(evil.deed)", key: "neighbour", as: "recorded")
                #expect(dead.allSatisfy { $0.number("warren-attempt") == 1 })
            }
            let children = Self.children(in: host)
            #expect(children.count == 3 * Self.deaths)
            try await wait(for: "end of all that evil workers have started") { children.allSatisfy { !$0.isAlive } }
            try await wait(
                for: "return to \(descriptors) descriptors and \(threads) threads",
                found: { "\(host.facts.links)" },
                until: { host.facts.descriptors <= descriptors && host.facts.threads <= threads }
            )
            #expect(host.facts.residentKiB - memory < 8 << 10)
            #expect(try await host.stop() == 0)
        }
    }

    private static func deaths(of evil: Evil, _ host: HostProcess) -> Int {
        host.log.count { $0.message == "a worker died; starting another" && $0["function"] == evil.function }
    }

    /// All events of a function are where they should be.
    private static func expectEnd(of evil: Evil, _ confirmed: Set<String>, on bed: TestBed) async throws -> [Delivery] {
        guard let reason = evil.deadReason else {
            // The event that came after an answer is not charged for the death of who gave it.
            try await bed.waitUntilTaken(evil.function)
            #expect(try await bed.broker.inspect(queue: bed.deadLetters(evil.function))?.readyMessages == 0)
            return []
        }
        let dead = try await bed.reader(bed.deadLetters(evil.function)).messages(confirmed.count)
        #expect(Set(dead.map(\.id)) == confirmed)
        for letter in dead {
            #expect(letter.text("warren-dead-reason") == reason)
            #expect(letter.text("warren-error")?.contains(evil.words) == true, "\(letter.text("warren-error") ?? "")")
        }
        return dead
    }

    /// What workers that fork have said: those of their own group, which are to end with them.
    private static func children(in host: HostProcess) -> [ProcessFacts] {
        host.log.filter { $0["function"] == "evil-forks" && $0.message.hasPrefix("child ") }
            .compactMap { Int32($0.message.dropFirst("child ".count)) }
            .map(ProcessFacts.init)
    }
}
