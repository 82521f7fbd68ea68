import Glibc
import LocalBroker
import Synchronization
import Testing

/// Nodes of a cluster go away in turn, under load; the host knows all of their addresses.
@Suite(.serialized, .timeLimit(.minutes(6)))
struct ClusterTests {
    /// Publishes while the trouble goes on, and accounts for every event.
    ///
    /// Reports the longest time in which nothing was handled. How long that is depends on the machine, so nothing is
    /// expected of it.
    private static func account(
        _ name: String,
        during trouble: (LocalCluster, _ progress: (String) async throws -> Void) async throws -> Void
    ) async throws {
        let cluster = try await LocalCluster.start()
        try await TestBed.use(nodes: cluster.nodes) { bed in
            try bed.deploy("record", "concurrency: 32")
            let host = try await bed.startHost(waitingFor: "all functions are running")
            // RabbitMQ writes down which quorum queues it has some time after they were made.
            for node in cluster.nodes {
                try await node.control(["eval", "[dets:sync(Table) || Table <- dets:all()]."])
            }
            let isOver = Atomic(false)
            defer { isOver.store(true, ordering: .relaxed) }
            let publisher = Task {
                var published = 0
                var confirmed: Set<String> = []
                while !isOver.load(ordering: .relaxed) {
                    let ids = (published..<published + 20).map { "e-\($0)" }
                    confirmed.formUnion(await bed.publish(ids: ids, "{}"))
                    published += ids.count
                    try? await Task.sleep(for: .milliseconds(20))
                }
                return confirmed
            }
            let progress = { (step: String) in
                let count = bed.journal.deeds.count
                try await bed.journal.wait(for: "progress after \(step)", within: .seconds(60)) { deeds in
                    deeds.count >= count + 100
                }
                print("\(name): after \(step), longest time without handling so far \(bed.journal.deeds.longestGap) ms")
            }
            try await progress("start")
            try await trouble(cluster, progress)
            isOver.store(true, ordering: .relaxed)
            let confirmed = await publisher.value
            let deeds = try await bed.journal.wait(for: "every event", within: .seconds(60)) { deeds in
                deeds.events("recorded").isSuperset(of: confirmed)
            }
            #expect(confirmed.count >= 100)
            #expect(deeds.allSatisfy { $0.attempt == 1 }, "what the broker delivers again is no attempt")
            #expect(try await host.stop() == 0)
            print("\(name): \(confirmed.count) events, \(deeds.count) handled, longest gap \(deeds.longestGap) ms")
        }
        await cluster.stop()
    }

    @Test func `each node is killed and brought back in turn`() async throws {
        try await Self.account("killed in turn") { cluster, progress in
            for (index, node) in cluster.nodes.enumerated() {
                await node.kill()
                try await progress("kill of node \(index)")
                try await node.restart()
                try await progress("return of node \(index)")
            }
        }
    }

    @Test func `each node is restarted in order`() async throws {
        try await Self.account("rolling restart") { cluster, progress in
            for (index, node) in cluster.nodes.enumerated() {
                try await node.restart()
                try await progress("restart of node \(index)")
            }
        }
    }

    @Test func `a node that hangs for 20 s stops nothing`() async throws {
        try await Self.account("suspended") { cluster, progress in
            let node = cluster.nodes[0]
            node.suspend()
            defer { node.resume() }
            // Not a wait for something: the trouble itself lasts so long.
            try await Task.sleep(for: .seconds(20))
            try await progress("suspension")
            node.resume()
            try await progress("resumption")
        }
    }
}

extension [Journal.Deed] {
    /// Milliseconds between two deeds one after the other, at most.
    fileprivate var longestGap: Int {
        zip(self, self.dropFirst()).lazy.map { $1.milliseconds - $0.milliseconds }.max() ?? 0
    }
}
