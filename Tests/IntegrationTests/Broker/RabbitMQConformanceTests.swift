import BrokerConformance
import LocalBroker
import Messaging
import Testing

@Suite(.timeLimit(.minutes(3)))
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
}
