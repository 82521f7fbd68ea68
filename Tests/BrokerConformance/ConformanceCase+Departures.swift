internal import Messaging
internal import Testing

/// How a subscription leaves its queue or begins anew, and who gets what it held.
extension ConformanceCase {
    static var departures: [ConformanceCase] {
        [
            ConformanceCase("of single active consumers only the first gets deliveries", self.singleActive),
            ConformanceCase("a returning departure hands everything on in its order", self.returning),
            ConformanceCase("one that has ended counts as long as it holds deliveries", self.countedWhileHolding),
            ConformanceCase("a returning departure is open to every state", self.returningEarly),
            ConformanceCase("a renewed subscription gets again what it had not settled", self.renewal),
            ConformanceCase("renewing an unsubscribed one changes nothing", self.renewalOfEnded),
            ConformanceCase("what was acknowledged and not sent comes again", self.acknowledgedTooLate),
        ]
    }

    private static let dead = BrokerError(.unreachable, "the test takes the consumer for dead")

    private static func ids(_ range: Range<Int>) -> [String] { range.map { "\($0)" } }

    private static func publish(_ range: Range<Int>, to queue: String, _ tested: any BrokerUnderTest) async {
        let results = await tested.broker.publish(self.ids(range).map { .to(queue, id: $0) })
        #expect(results.allSatisfy { $0 == .confirmed })
    }

    @Sendable private static func singleActive(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue, .singleActiveConsumer)])
        let (one, other) = (try tested.probe(), try tested.probe())
        let first = one.subscribe(to: queue, prefetch: 2)
        try await first.signal(.active)
        let second = other.subscribe(to: queue)
        try await second.signal(.active)
        await self.publish(0..<6, to: queue, tested)
        _ = try await first.deliveries(2)
        try await tested.expectReady(4, in: queue)
        first.settle(first.seen.deliveries, .acknowledge)
        #expect(try await first.deliveries(4).messageIDs == self.ids(0..<4))
        try await tested.expectReady(2, in: queue)
        #expect(second.seen.deliveries.isEmpty)
        #expect(try await tested.broker.inspect(queue: queue)?.consumers == 1, "those that wait are not counted")
        await one.close()
        let rest = try await second.deliveries(4)
        #expect(rest.messageIDs == self.ids(2..<6))
        #expect(rest.map(\.isRedelivered) == [true, true, false, false])
        await other.close()
    }

    @Sendable private static func returning(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue, .singleActiveConsumer)])
        await self.publish(0..<200, to: queue, tested)
        let (one, other) = (try tested.probe(), try tested.probe())
        let first = one.subscribe(to: queue, prefetch: 50)
        let held = try await first.deliveries(50)
        let second = other.subscribe(to: queue, acknowledges: true)
        try await second.signal(.active)
        // One behind a gap, and none of them sent when it leaves.
        first.settle([held[0], held[1], held[2], held[7]], .acknowledge, flushing: false)
        first.unsubscribe(.returning)
        try await first.signal(.ended)
        first.settle(held, .acknowledge)
        let expected = self.ids(3..<7) + self.ids(8..<200)
        #expect(try await second.deliveries(expected.count).messageIDs == expected)
        try await tested.expectReady(0, in: queue)
        await one.close()
        await other.close()
        #expect(first.seen.signals == [.active, .ended])
        #expect(first.seen.deliveries.count == 50, "what came after the word to leave was not handed over")
        #expect(second.seen.deliveries.count == expected.count, "nothing came twice")
    }

    /// A host deletes a queue that nobody consumes: not while another one still runs what it got of it.
    @Sendable private static func countedWhileHolding(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue)])
        await self.publish(0..<2, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 2)
        let held = try await subscription.deliveries(2)
        subscription.unsubscribe(.settling)
        try await subscription.signal(.ended)
        #expect(try await tested.broker.inspectForCertain(queue: queue)?.consumers == 1)
        subscription.settle([held[0]], .acknowledge)
        subscription.settle([held[1]], .requeue)
        try await tested.expectReady(1, in: queue)
        #expect(try await tested.broker.inspectForCertain(queue: queue)?.consumers == 0)
        await probe.close()
    }

    @Sendable private static func returningEarly(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.queue(names("q"), .singleActiveConsumer)])
        await self.publish(0..<3, to: names("q"), tested)
        let probe = try tested.probe()
        let missing = probe.subscribe(to: names("missing"))
        try await missing.signal(.interrupted(.channel, .notFound))
        // One that rests, and one that has hardly begun.
        let hasty = probe.subscribe(to: names("q"))
        for subscription in [missing, hasty] {
            subscription.unsubscribe(.returning)
            subscription.unsubscribe(.settling)
            try await subscription.signal(.ended)
        }
        let next = probe.subscribe(to: names("q"), acknowledges: true)
        #expect(try await next.deliveries(3).messageIDs == self.ids(0..<3))
        await probe.close()
        #expect(missing.seen.signals.last == .ended)
        #expect(hasty.seen.signals.last == .ended)
        try await tested.expectReady(0, in: names("q"))
    }

    @Sendable private static func renewal(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue)])
        await self.publish(0..<3, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 2)
        let old = try await subscription.deliveries(2)
        for round in 1...3 {
            subscription.renew(because: self.dead)
            try await subscription.wait(for: "round \(round)") { $0.signals.filter { $0 == .active }.count > round }
            subscription.settle(old, .acknowledge)
            let all = try await subscription.deliveries(2 + 2 * round)
            #expect(all.suffix(2).map { $0.messageID } == ["0", "1"])
            #expect(all.suffix(2).map { $0.isRedelivered } == [true, true])
        }
        let interruption = IntakeProbe.Signal.interrupted(.consumer, .unreachable)
        let expected = [.active] + (1...3).flatMap { _ in [interruption, .active] }
        #expect(subscription.seen.signals == expected)
        #expect(subscription.seen.error == self.dead)
        subscription.settle(subscription.seen.deliveries.suffix(2), .acknowledge)
        #expect(try await subscription.deliveries(9).last?.messageID == "2")
        await probe.close()
    }

    @Sendable private static func renewalOfEnded(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue)])
        await self.publish(0..<1, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue)
        let held = try await subscription.deliveries(1)
        subscription.unsubscribe()
        try await subscription.signal(.ended)
        subscription.renew(because: self.dead)
        subscription.settle(held, .acknowledge)
        await probe.close()
        #expect(subscription.seen.signals == [.active, .ended])
        try await tested.expectReady(0, in: queue)  // what it held could still be settled
    }

    @Sendable private static func acknowledgedTooLate(_ tested: any BrokerUnderTest) async throws {
        let queue = Names()("q")
        try await tested.broker.declare([.queue(queue)])
        await self.publish(0..<4, to: queue, tested)
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: queue, prefetch: 3)
        subscription.settle(Array(try await subscription.deliveries(3)[..<1]), .acknowledge)
        // The fourth says that the broker has taken the acknowledgement of the first.
        let deliveries = try await subscription.deliveries(4)
        subscription.settle([deliveries[3], deliveries[1]], .acknowledge, flushing: false)
        subscription.renew(because: self.dead)
        try await subscription.signal(.interrupted(.consumer, .unreachable))
        // Their tags are void; the new life numbers its deliveries from one again.
        subscription.settle(deliveries, .acknowledge)
        let again = try await subscription.deliveries(7)
        #expect(again.suffix(3).map { $0.messageID } == ["1", "2", "3"])
        subscription.settle(deliveries, .acknowledge)
        await probe.close()
        try await tested.expectReady(3, in: queue)
    }
}
