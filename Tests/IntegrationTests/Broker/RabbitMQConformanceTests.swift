import AMQP
import BrokerConformance
import LocalBroker
import Messaging
import Testing
import Waiting

@Suite(.hangGuard)
struct RabbitMQConformanceTests {
    @Test(arguments: ConformanceCase.all)
    func `RabbitMQ does as the in-memory broker does`(_ one: ConformanceCase) async throws {
        let tested = try RabbitMQUnderTest(await SharedBroker.calm.node)
        try await one.run(tested)
        await tested.close()
    }

    @Test func `headers that are no table are refused, and their neighbours are confirmed`() async throws {
        let tested = try RabbitMQUnderTest(await SharedBroker.calm.node)
        let queue = "malformed-\(UInt64.random(in: 0 ... .max))"
        try await tested.broker.declare([.queue(QueueDeclaration(name: queue, arguments: []))])
        let malformed: [[UInt8]] = [[], [1, 65, 0x3f], [200, 1], [1, 65, 83, 0, 0, 1, 0], []]
        let messages = malformed.map { headers in
            OutgoingMessage(
                exchange: "",
                routingKey: queue,
                properties: BasicProperties(),
                headers: FieldTable(bytes: headers),
                body: [1]
            )
        }
        let refused = PublishResult.headersTooLarge
        #expect(await tested.broker.publish(messages) == [.confirmed, refused, refused, refused, .confirmed])
        #expect(try await tested.broker.inspect(queue: queue)?.readyMessages == 2, "nothing was sent twice")
        await tested.close()
    }

    @Test func `a lost connection voids what is held, also after the end`() async throws {
        let tested = try RabbitMQUnderTest(await SharedBroker.calm.node)
        let name = "lost-\(UInt64.random(in: 0 ... .max))"
        let queues = ["\(name)-consumed", "\(name)-ended"]
        try await tested.broker.declare(queues.map { .queue(QueueDeclaration(name: $0, arguments: [])) })
        let messages = queues.map { queue in
            OutgoingMessage(
                exchange: "",
                routingKey: queue,
                properties: BasicProperties(),
                headers: FieldTable(),
                body: [1]
            )
        }
        _ = await tested.broker.publish(messages + messages)
        let probe = try IntakeProbe { loop in
            try AMQPIntake(address: tested.address, name: name, loop: loop, logger: RabbitMQUnderTest.silent)
        }
        let subscriptions = queues.map { probe.subscribe(to: $0) }
        var held: [Delivery] = []
        for subscription in subscriptions { held.append(try await subscription.deliveries(2)[1]) }
        subscriptions[1].unsubscribe()
        try await subscriptions[1].signal(.ended)
        for (subscription, delivery) in zip(subscriptions, held) {
            subscription.settle([delivery], .acknowledge, flushing: false)
        }
        let connections = try await tested.node.control(["list_connections", "--silent", "pid", "client_properties"])
        let own = try #require(connections.split(separator: "\n").first { $0.contains(name) })
        let process = try #require(own.split(separator: "\t").first)
        try await tested.node.control(["close_connection", String(process), "test"])
        for subscription in subscriptions {
            try await subscription.signal(.interrupted(.connection, .unreachable))
        }
        #expect(subscriptions[1].seen.signals == [.active, .ended, .interrupted(.connection, .unreachable)])
        try await subscriptions[0].wait(for: "both again") { $0.deliveries.count >= 4 }
        #expect(try await probe.subscribe(to: queues[1]).deliveries(2).allSatisfy(\.isRedelivered))
        await probe.close()
        await tested.close()
    }

    @Test func `a stream is consumed from where it is asked for, and a settlement makes room and nothing else`()
        async throws
    {
        let tested = try RabbitMQUnderTest(await SharedBroker.calm.node)
        let queue = "stream-\(UInt64.random(in: 0 ... .max))"
        let stream = QueueDeclaration(name: queue, arguments: [DeclarationArgument("x-queue-type", .text("stream"))])
        try await tested.broker.declare([.queue(stream)])
        for number in 1...5 as ClosedRange<UInt8> {
            let message = OutgoingMessage(
                exchange: "",
                routingKey: queue,
                properties: BasicProperties(),
                headers: FieldTable(),
                body: [number]
            )
            #expect(await tested.broker.publish([message]) == [.confirmed])
        }
        let probe = try IntakeProbe { loop in
            try AMQPIntake(address: tested.address, name: queue, loop: loop, logger: RabbitMQUnderTest.silent)
        }
        func consume(from offset: DeclarationArgument.Value) -> IntakeProbe.Subscription {
            let offset = DeclarationArgument("x-stream-offset", offset)
            return probe.subscribe(Subscription(queue: queue, prefetch: 2, arguments: [offset], settling: .credit))
        }
        func bodies(_ deliveries: some Sequence<Delivery>) -> [UInt8] { deliveries.flatMap(\.body) }

        let first = consume(from: .text("first"))
        let two = try await first.deliveries(2)
        #expect(bodies(two) == [1, 2])
        first.settle([two[0]], .requeue)
        first.settle([two[1]], .reject)
        let four = try await first.deliveries(4)
        #expect(bodies(four) == [1, 2, 3, 4], "what was given back does not come again, and makes room")
        first.settle(Array(four[2...]), .acknowledge)
        #expect(bodies(try await first.deliveries(5)) == [1, 2, 3, 4, 5])

        #expect(bodies(try await consume(from: .number(3)).deliveries(2)) == [4, 5])
        await probe.close()
        await tested.close()
    }
}
