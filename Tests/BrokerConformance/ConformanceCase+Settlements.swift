internal import Messaging
internal import Testing

/// What becomes of a message that was handed out.
extension ConformanceCase {
    static var settlements: [ConformanceCase] {
        [
            ConformanceCase("prefetch bounds what is handed out and not settled", self.prefetch),
            ConformanceCase("acknowledging in any order leaves nothing", self.acknowledge),
            ConformanceCase("what is given back comes again, marked as redelivered", self.requeue),
            ConformanceCase("what comes again has its headers in the order of their names", self.sortedHeaders),
            ConformanceCase("settling twice changes nothing", self.settleTwice),
            ConformanceCase("what was not settled comes back when the intake closes", self.close),
            ConformanceCase("a message that comes back too often is dead-lettered", self.deliveryLimit),
        ]
    }

    private static func publish(_ count: Int, to queue: String, _ tested: any BrokerUnderTest) async throws {
        try await tested.broker.declare([.queue(queue)])
        let results = await tested.broker.publish((0..<count).map { .to(queue, id: "\($0)") })
        #expect(results.allSatisfy { $0 == .confirmed })
    }

    @Sendable private static func prefetch(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await self.publish(10, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 3)
        var deliveries = try await subscription.deliveries(3)
        try await tested.expectReady(7, in: queue)
        subscription.settle([deliveries[1]], .acknowledge)
        deliveries = try await subscription.deliveries(4)
        try await tested.expectReady(6, in: queue)
        #expect(deliveries.messageIDs == ["0", "1", "2", "3"])
        await probe.close()
    }

    @Sendable private static func acknowledge(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await self.publish(100, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 100)
        let deliveries = try await subscription.deliveries(100)
        // 7 and 100 have no common divisor, so this names every delivery once.
        let order = (0..<100).map { deliveries[$0 * 7 % 100] }
        for part in stride(from: 0, to: 100, by: 9) {
            subscription.settle(Array(order[part..<min(100, part + 9)]), .acknowledge)
        }
        // Another hundred can only come when the broker has taken every one of the acknowledgements.
        let more = (100..<200).map { "\($0)" }
        _ = await tested.broker.publish(more.map { .to(queue, id: $0) })
        #expect(try await subscription.deliveries(200).suffix(100).map { $0.messageID } == more)
        await probe.close()
        let other = try tested.probe()
        let again = try await other.subscribe(to: queue).deliveries(100)
        #expect(again.messageIDs == more)
        #expect(again.filter(\.isRedelivered).count == 100)
        await other.close()
    }

    @Sendable private static func sortedHeaders(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue)])
        let names = ["z", "a", "M", "a-longer", "b"]
        let sorted = ["M", "a", "a-longer", "b", "z"]
        let message = OutgoingMessage(
            exchange: "",
            routingKey: queue,
            properties: BasicProperties(),
            headers: FieldTable(names.map { ($0, .string("value of \($0)")) }),
            body: [1, 2, 3]
        )
        #expect(await tested.broker.publish([message]) == [.confirmed])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue)
        let first = try await subscription.deliveries(1)
        // RabbitMQ 4.x sorts at the first delivery, too.
        #expect([names, sorted].contains(first.first?.headerNames))
        #expect(first.first?.headers.bytesOfEntries == message.headers.bytesOfEntries)
        subscription.settle(first, .requeue)
        let again = try await subscription.deliveries(2).last
        #expect(again?.headerNames == sorted)
        #expect(again?.returns == 1)
        #expect(again?.contentHash.value == first.first?.contentHash.value, "it is recognised all the same")
        await probe.close()
    }

    @Sendable private static func requeue(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await self.publish(3, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 2)
        let first = try await subscription.deliveries(2)
        subscription.settle([first[0]], .requeue)
        // Whether it comes before what has waited behind it is the broker's choice.
        subscription.settle(Array(try await subscription.deliveries(3)[1...]), .acknowledge)
        let later = try await subscription.deliveries(4)[2...].sorted { ($0.messageID ?? "") < ($1.messageID ?? "") }
        #expect(later.messageIDs == ["0", "2"])
        #expect(later.map(\.isRedelivered) == [true, false])
        #expect(later.map(\.returns) == [1, 0])
        await probe.close()
    }

    @Sendable private static func settleTwice(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await self.publish(4, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 2)
        let first = try await subscription.deliveries(2)
        subscription.settle([first[0], first[0]], .acknowledge)
        subscription.settle([first[0], first[1], first[1]], .requeue)
        let unknown = DeliveryTag(generation: first[1].tag.generation, value: 1_000_000)
        let stale = DeliveryTag(generation: first[1].tag.generation &- 1, value: 1)
        subscription.settle(
            [unknown, stale].map {
                Delivery(tag: $0, exchange: "", isRedelivered: false, bytes: [], routingKeyCount: 0, propertiesCount: 0)
            },
            .acknowledge
        )
        let all = try await subscription.deliveries(4)
        subscription.settle(all, .acknowledge)
        try await subscription.wait(for: "the last message") { $0.deliveries.messageIDs.contains("3") }
        #expect(subscription.seen.signals == [.active], "no channel was closed over it")
        await probe.close()
    }

    @Sendable private static func close(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await self.publish(4, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 3)
        let deliveries = try await subscription.deliveries(3)
        subscription.settle([deliveries[1]], .acknowledge)
        _ = try await subscription.deliveries(4)
        await probe.close()
        let other = try tested.probe()
        let again = try await other.subscribe(to: queue, acknowledges: true).deliveries(3)
        #expect(again.messageIDs == ["0", "2", "3"])
        #expect(again.map(\.isRedelivered) == [true, true, true])
        await other.close()
        try await tested.expectReady(0, in: queue)
    }

    @Sendable private static func deliveryLimit(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        let limit = DeclarationArgument("x-delivery-limit", .number(2))
        try await tested.broker.declare([
            .exchange(names("dlx"), .direct), .queue(names("dead")), .bind(names("dead"), to: names("dlx"), "k"),
            .queue(names("q"), .deadLettering(to: names("dlx"), key: "k") + [limit]),
        ])
        _ = await tested.broker.publish([.to(names("q"), id: "poison")])
        // A consumer that goes without a word counts in every version; what is given back does not in RabbitMQ 4.3.
        for round in 1...3 {
            let probe = try tested.probe()
            let delivery = try await probe.subscribe(to: names("q")).deliveries(1).first
            #expect(delivery?.headers["x-delivery-count"] == (round == 1 ? nil : .integer(Int64(round - 1))))
            await probe.close()
        }
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"))
        let dead = try #require(try await probe.subscribe(to: names("dead")).deliveries(1).first)
        #expect(dead.messageID == "poison")
        #expect(dead.deaths.first?["reason"] == .string("delivery_limit"))
        #expect(subscription.seen.deliveries.isEmpty)
        await probe.close()
    }
}
