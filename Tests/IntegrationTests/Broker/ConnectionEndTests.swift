import CRabbitMQ
import EventLoops
import LocalBroker
import Logging
import Messaging
import PatientPolling
import Synchronization
import Testing
import Waiting

@testable import AMQP

/// The end of a connection is what everything waits for that drains.
@Suite(.hangGuard)
struct ConnectionEndTests {
    /// Closes its connection as soon as there is one, twice, and lets go of it.
    private final class Closer: ConnectionClient {
        var driver: ConnectionDriver?
        var closed = 0
        let whenClosed: (Int) -> Void

        init(_ whenClosed: @escaping (Int) -> Void) { self.whenClosed = whenClosed }

        func connected(_ connection: ConnectionHandle) {
            for _ in 0..<2 {
                self.driver?.stop {
                    self.closed += 1
                    self.whenClosed(self.closed)
                }
            }
            self.driver = nil
        }

        func received(_ frame: inout amqp_frame_t) {}
        func didReadFrames() {}
        func lost(_ error: BrokerError) {}
        func blocked(_ reason: String?) {}
    }

    @Test func `a connection that is told twice to close, and is let go meanwhile, tells everybody that it is closed`()
        async throws
    {
        let node = try await SharedBroker.calm.node
        let addresses = AMQPAddresses(try AMQPAddress(node.url))
        let times = Times()
        try LoopThread.start(named: "closer") {
            guard let loop = try? EventLoop() else { return }
            let closer = Closer { times.set($0) }
            closer.driver = try? ConnectionDriver(
                addresses: addresses,
                role: .consuming,
                name: "test",
                loop: loop,
                logger: RabbitMQUnderTest.silent,
                client: closer
            )
            closer.driver?.start()
            loop.schedule(after: Patience.usual) { loop.stop() }
            loop.atTurnEnd { if closer.closed == 2 { loop.stop() } }
            loop.run()
        }
        try await wait(for: "both to be told") { times.count == 2 }
    }

    @Test func `one that closes the channel at the end is refused, and its neighbours are confirmed`() async throws {
        let tested = try RabbitMQUnderTest(await SharedBroker.calm.node)
        let queue = "last-\(UInt64.random(in: 0 ... .max))"
        try await tested.broker.declare([.queue(QueueDeclaration(name: queue, arguments: []))])
        let last = try AMQPBroker(address: tested.address, name: "last", logger: RabbitMQUnderTest.silent)
        let messages = (0..<10).map { number in
            OutgoingMessage(
                exchange: number == 5 ? "\(queue)-missing" : "",
                routingKey: queue,
                properties: BasicProperties(),
                headers: FieldTable(),
                body: [1]
            )
        }
        let answer = Answer()
        // It has no connection by then.
        last.publish(messages, completion: answer.set)
        await last.close(within: Patience.usual)
        let results = answer.results
        #expect(results.indices.filter { results[$0] == .confirmed } == [0, 1, 2, 3, 4, 6, 7, 8, 9])
        if results.count == 10, case .refused(let error) = results[5] {
            #expect(error.kind == .notFound)
        } else {
            Issue.record("\(results)")
        }
        await tested.close()
    }

    private final class Answer: Sendable {
        private let value = Mutex<[PublishResult]>([])

        var results: [PublishResult] { self.value.withLock { $0 } }

        @Sendable func set(_ results: [PublishResult]) { self.value.withLock { $0 = results } }
    }

    private final class Times: Sendable {
        private let value = Mutex(0)

        var count: Int { self.value.withLock { $0 } }

        func set(_ count: Int) { self.value.withLock { $0 = count } }
    }
}
