import AMQP
import BrokerConformance
import FoundationEssentials
import KernelFiles
import LocalBroker
import Messaging
import Synchronization
import Testing
import Waiting

/// What happens when the broker dies, hangs, runs full or throws everybody out. One after the other: they share a
/// node and spoil it for each other.
@Suite(.serialized, .hangGuard)
struct BrokerTroubleTests {
    private static func queue(_ name: String) -> Declaration {
        .queue(QueueDeclaration(name: name, arguments: [DeclarationArgument("x-queue-type", .text("quorum"))]))
    }

    private static func message(_ id: String, to queue: String) -> OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = id
        return OutgoingMessage(
            exchange: "",
            routingKey: queue,
            properties: properties,
            headers: FieldTable(),
            body: Array(id.utf8)[...]
        )
    }

    /// Publishes and consumes without pause while the trouble happens, and accounts for every message afterwards.
    private static func account(
        on queue: String,
        _ tested: RabbitMQUnderTest,
        during trouble: () async throws -> Void
    ) async throws {
        try await tested.broker.declare([self.queue(queue)])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 50, acknowledges: true)
        try await subscription.signal(.active)
        let isOver = Atomic(false)
        defer { isOver.store(true, ordering: .relaxed) }
        let publisher = Task { [broker = tested.broker] in
            var results: [PublishResult] = []
            while !isOver.load(ordering: .relaxed) {
                let first = results.count
                results += await broker.publish((first..<first + 100).map { Self.message("\($0)", to: queue) })
            }
            return results
        }
        _ = try await subscription.deliveries(500)
        try await trouble()
        try await subscription.signal(.interrupted(.connection, .unreachable))
        try await subscription.wait(for: "consuming again") { $0.signals.last == .active }
        let seen = subscription.seen.deliveries.count
        _ = try await subscription.deliveries(seen + 500)
        isOver.store(true, ordering: .relaxed)
        let results = await publisher.value
        #expect(results.allSatisfy { $0 == .confirmed })
        let published = Set(results.indices.map { "\($0)" })
        try await subscription.wait(for: "every message") { seen in
            seen.deliveries.count >= published.count && Set(seen.deliveries.map(\.number)) == published
        }
        #expect(Set(subscription.seen.deliveries.map(\.number)) == published)
        await probe.close()
    }

    @Test func `a killed and restarted broker loses nothing that it confirmed`() async throws {
        let node = try await SharedBroker.troubled.node
        let tested = try RabbitMQUnderTest(node)
        // RabbitMQ 3.10 forgets a quorum queue that is killed within half a second of its declaration: it saves the
        // names of its logs that often. An orderly shutdown saves them too.
        try await tested.broker.declare([Self.queue("killed")])
        try await node.restart()
        try await Self.account(on: "killed", tested) {
            await node.kill()
            try await node.restart()
        }
        await tested.close()
    }

    @Test func `connections closed by an operator come back`() async throws {
        let node = try await SharedBroker.troubled.node
        let tested = try RabbitMQUnderTest(node)
        try await Self.account(on: "cut", tested) { try await node.control(["close_all_connections", "test"]) }
        #expect(try await tested.broker.inspect(queue: "cut") != nil, "the topology connection came back too")
        await tested.close()
    }

    @Test func `a frozen broker is noticed by its missing heartbeats`() async throws {
        let node = try await SharedBroker.troubled.node
        let tested = try RabbitMQUnderTest(node, parameters: "heartbeat=1&connection_timeout=2000")
        try await tested.broker.declare([Self.queue("frozen")])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: "frozen", acknowledges: true)
        try await subscription.signal(.active)
        node.suspend()
        defer { node.resume() }
        // The signal is on its way when the call returns; what its threads still do until then would be an answer.
        try await wait(for: "the node to stand still") { Self.isStopped(try #require(node.pid)) }
        // Nothing else tells of it: its sockets stay open.
        try await subscription.signal(.interrupted(.connection, .unreachable))
        node.resume()
        try await subscription.wait(for: "consuming again") { $0.signals.last == .active }
        #expect(await tested.broker.publish([Self.message("1", to: "frozen")]) == [.confirmed])
        _ = try await subscription.deliveries(1)
        await probe.close()
        await tested.close()
    }

    @Test(arguments: [["--data", "{}"], ["--ndjson"]])
    func `an event that the broker does not take is given up, and the reason is told`(
        _ source: [String]
    ) async throws {
        let node = try await SharedBroker.troubled.node
        let result = try await node.withMemoryAlarm {
            try await ObservedCommand.run(
                ["publish", "order.placed", "--timeout", "1s", "--exchange", "amq.topic"] + source,
                environment: ["WARREN_BROKER": node.url],
                input: Array("1\n2\n".utf8)
            )
        }
        #expect(result.status == 4)
        #expect(result.text == "")
        let lines = result.errorText.split(separator: "\n")
        let errors = lines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1)
        #expect(errors.first?.contains("has taken no messages for 1 s (low on memory)") == true, "\(lines)")
        if !source.contains("--ndjson") { #expect(lines.count == 1) }
    }

    @Test func `a broker that confirms nothing is given up, and used again when it does`() async throws {
        let node = try await SharedBroker.troubled.node
        let broker = try AMQPBroker(
            address: try AMQPAddress(node.url),
            name: "test",
            giveUpAfter: .seconds(2),
            logger: RabbitMQUnderTest.silent
        )
        try await broker.declare([Self.queue("silent")])
        // A slow node may take longer for its first confirm than the broker is given here.
        try await wait(for: "a confirm") {
            await broker.publish([Self.message("1", to: "silent")]) == [.confirmed]
        }
        node.suspend()
        defer { node.resume() }
        // The signal is on its way when the call returns; what its threads still do until then would be an answer.
        try await wait(for: "the node to stand still") { Self.isStopped(try #require(node.pid)) }
        let results = await broker.publish([Self.message("2", to: "silent"), Self.message("3", to: "silent")])
        #expect(results.count == 2)
        for result in results {
            guard case .refused(let error) = result else {
                Issue.record("it was \(result)")
                continue
            }
            #expect(error.kind == .unreachable)
            #expect(error.description.contains("has confirmed nothing for 2 s"), "\(error)")
        }
        node.resume()
        // The way back to the broker may take longer than the patience of one event.
        try await wait(for: "the way back") {
            await broker.publish([Self.message("4", to: "silent")]) == [.confirmed]
        }
        await broker.close()
    }

    /// Whether every thread of the process is stopped.
    private static func isStopped(_ pid: Int32) -> Bool {
        let directory = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return !threads.isEmpty
            && threads.allSatisfy { thread in
                let stat = KernelFile.text("\(directory)/\(thread)/stat")
                // The state follows the name, which stands in parentheses and may hold anything.
                return stat.lastIndex(of: ")").map { stat[$0...].dropFirst(2).first == "T" } ?? true
            }
    }

    @Test func `a memory alarm stops publishing, while consuming goes on`() async throws {
        let node = try await SharedBroker.troubled.node
        let tested = try RabbitMQUnderTest(node)
        try await tested.broker.declare([Self.queue("full")])
        _ = await tested.broker.publish((0..<50).map { Self.message("\($0)", to: "full") })
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: "full", prefetch: 5, acknowledges: true)
        let publisher = try await node.withMemoryAlarm {
            let isPublished = Flag()
            let publisher = Task { [broker = tested.broker] in
                let results = await broker.publish((50..<60).map { Self.message("\($0)", to: "full") })
                isPublished.set()
                return results
            }
            _ = try await subscription.deliveries(50)
            #expect(!isPublished.isSet)
            return publisher
        }
        #expect(await publisher.value == (50..<60).map { _ in .confirmed })
        #expect(Set(try await subscription.deliveries(60).map(\.number)) == Set((0..<60).map { "\($0)" }))
        #expect(subscription.seen.signals == [.active])
        await probe.close()
        await tested.close()
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { self.value.load(ordering: .sequentiallyConsistent) }

    func set() { self.value.store(true, ordering: .sequentiallyConsistent) }
}

extension Delivery {
    /// The body, which in these tests is the message's number.
    fileprivate var number: String { String(decoding: self.body, as: UTF8.self) }
}
