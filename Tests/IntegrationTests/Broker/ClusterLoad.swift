import LocalBroker
import Synchronization
import Testing
import Waiting

/// A host and a publisher that know all nodes of a cluster, under load while nodes go away, and the account of every
/// event.
struct ClusterLoad {
    static let function = "record"

    /// What it is, for a person who reads the times.
    let name: String
    let cluster: LocalCluster
    let bed: TestBed
    let host: HostProcess

    var queue: String { self.bed.queue(Self.function) }

    /// Publishes while the trouble goes on, and accounts for every event.
    static func run(
        _ name: String,
        on cluster: LocalCluster,
        during trouble: (ClusterLoad) async throws -> Void
    ) async throws {
        try await TestBed.use(nodes: cluster.nodes) { bed in
            try bed.deploy(self.function, "concurrency: 32")
            let load = ClusterLoad(name: name, cluster: cluster, bed: bed, host: try await bed.startHost())
            try await cluster.saveQueueNames()
            try await load.account(during: trouble)
        }
    }

    private func account(during trouble: (ClusterLoad) async throws -> Void) async throws {
        let isOver = Atomic(false)
        defer { isOver.store(true, ordering: .relaxed) }
        let publisher = Task { [bed] in
            var published = 0
            while !isOver.load(ordering: .relaxed) {
                var left = Set((published..<published + 5).map { "e-\($0)" })
                published += left.count
                // What the broker refuses because a queue has no leader yet has to be published again.
                while !left.isEmpty {
                    left.subtract(await bed.publish(ids: left, "{}"))
                    // A pace that three nodes keep on two cores; the load, not the most that they can do.
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            return Set((0..<published).map { "e-\($0)" })
        }
        try await self.step("load") {}
        try await trouble(self)
        isOver.store(true, ordering: .relaxed)
        let confirmed = await publisher.value
        let deeds = try await self.bed.journal.wait(for: "every event") { deeds in
            deeds.count >= confirmed.count && deeds.events("recorded").isSuperset(of: confirmed)
        }
        #expect(deeds.allSatisfy { $0.attempt == 1 }, "what the broker delivers again is no attempt")
        // What a lost node had delivered comes back when the others notice, and is acknowledged then.
        try await wait(for: "an empty queue") { try await self.cluster.messages(in: self.queue) == 0 }
        #expect(try await self.host.stop() == 0)
        let handled = self.bed.journal.deeds.events("recorded")
        let ledger = try await self.bed.ledger(confirmed: confirmed, handled: handled, function: Self.function)
        ledger.expectBalance()
        #expect(ledger.queued == [] && ledger.dead == [] && ledger.parked == [])
        print("\(self.name): \(confirmed.count) events confirmed and handled, \(deeds.count - handled.count) twice")
    }

    /// Does something, waits until events are handled again, and tells the longest time in which none was. How long
    /// that is depends on the machine, so nothing is expected of it.
    func step(_ name: String, _ trouble: () async throws -> Void) async throws {
        let before = self.bed.journal.deeds.count
        try await trouble()
        let under = self.bed.journal.deeds.count
        let deeds = try await self.bed.journal.wait(for: "handling after \(name)") { $0.count >= under + 100 }
        print("\(self.name): \(name): at most \(deeds[max(0, before - 1)...].longestGap) ms without handling")
    }
}

extension ArraySlice<Journal.Deed> {
    /// Milliseconds between two deeds one after the other, at most.
    fileprivate var longestGap: Int {
        zip(self, self.dropFirst()).lazy.map { $1.milliseconds - $0.milliseconds }.max() ?? 0
    }
}
