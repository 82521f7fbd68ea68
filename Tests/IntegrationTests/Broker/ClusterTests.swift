import AMQP
import LocalBroker
import Messaging
import Testing
import Waiting

/// Nodes of a cluster go away in turn, under load; host and publisher know all of their addresses. One after the other:
/// the tests share the cluster, and leave it whole.
@Suite(.serialized, .hangGuard, .sharedCluster)
struct ClusterTests {
    @Test func `each node is killed and brought back in turn`() async throws {
        try await ClusterLoad.run("killed in turn", on: ClusterScope.cluster) { load in
            for (number, node) in load.cluster.nodes.enumerated() {
                try await load.step("node \(number) killed") { await node.kill() }
                try await load.step("node \(number) back") {
                    try await node.restart()
                    try await load.cluster.isWhole()
                }
            }
        }
    }

    @Test func `each node is restarted in order`() async throws {
        try await ClusterLoad.run("rolling restart", on: ClusterScope.cluster) { load in
            for (number, node) in load.cluster.nodes.enumerated() {
                try await load.step("node \(number) restarted") {
                    try await node.restart()
                    try await load.cluster.isWhole()
                }
            }
        }
    }

    /// The channel begins to publish when the leader's node is down and the rest is no majority; see `ChannelRenewal`.
    @Test func `a channel that knew a lost leader is confirmed again by the next one, before the lost node is back`()
        async throws
    {
        let cluster = try ClusterScope.cluster
        let (lost, other, last) = (cluster.nodes[0], cluster.nodes[1], cluster.nodes[2])
        let queue = "renewed"
        let broker = try AMQPBroker(address: AMQPAddress(last.url), name: "test", logger: RabbitMQUnderTest.silent)
        let argument = DeclarationArgument("x-queue-type", .text("quorum"))
        try await broker.declare([.queue(QueueDeclaration(name: queue, arguments: [argument]))])
        try await cluster.lead(queue, from: lost)
        try await cluster.saveQueueNames()
        let message = OutgoingMessage(
            exchange: "",
            routingKey: queue,
            properties: BasicProperties(),
            headers: FieldTable(),
            body: []
        )
        await other.kill()
        await lost.kill()
        try await wait(for: "a refusal") { await broker.publish([message]) == [.nacked] }
        try await other.restart()
        try await wait(for: "a confirm") { await broker.publish([message]) == [.confirmed] }
        try await lost.restart()
        try await cluster.isWhole()
        try await last.control(["delete_queue", queue])
        await broker.close()
    }

    /// The node is the one that the host consumes from, and it leads none of the queues: only the host has to notice. A
    /// bare publisher, whose own node is well, tells how long RabbitMQ itself stands still meanwhile.
    ///
    /// When the hanging node leads the queue there is no such bound: RabbitMQ's other nodes, and the channels that are
    /// opened on them, wait for it until `net_ticktime` (60 s) has passed or it goes on.
    @Test func `a node that hangs for 20 s costs no event`() async throws {
        try await ClusterLoad.run("suspended", on: ClusterScope.cluster) { load in
            let node = try await load.cluster.nodeOfConsumer(of: load.queue)
            let other = try #require(load.cluster.nodes.first { $0 !== node })
            try await load.cluster.lead(load.queue, from: other)
            defer { node.resume() }
            let wait = try await BarePublisher.wait(by: other, leader: other, of: load.cluster) {
                try await load.step("node hanging") {
                    node.suspend()
                    // Not a wait for something: the trouble itself lasts so long.
                    try await Task.sleep(for: .seconds(20))
                    node.resume()
                    try await load.cluster.isWhole()
                }
            }
            print("\(load.name): a bare publisher at another node waited at most \(wait) ms")
        }
    }
}

/// Starts a cluster before the first test of a suite, and ends it after the last one.
struct ClusterScope: SuiteTrait, TestScoping {
    @TaskLocal private static var current: LocalCluster?

    /// The cluster of the suite that this test belongs to.
    static var cluster: LocalCluster {
        get throws { try #require(self.current) }
    }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing tests: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let cluster = try await LocalCluster.start()
        do {
            try await Self.$current.withValue(cluster) { try await tests() }
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }
}

extension Trait where Self == ClusterScope {
    static var sharedCluster: Self { Self() }
}
