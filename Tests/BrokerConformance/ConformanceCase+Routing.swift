internal import Messaging
internal import Testing

/// Where messages go, and what exists.
extension ConformanceCase {
    static var routing: [ConformanceCase] {
        [
            ConformanceCase("a queue with several matching patterns gets a message once", self.patterns),
            ConformanceCase("direct, fanout and bound exchanges route as they say", self.kinds),
            ConformanceCase("a message that no queue takes is unroutable", self.unroutable),
            ConformanceCase("a missing exchange is refused, and the rest of the batch is confirmed", self.missing),
            ConformanceCase("an alternate exchange takes what nothing is bound to", self.alternate),
            ConformanceCase("declaring twice is fine, and with other properties a mismatch", self.mismatch),
            ConformanceCase("a binding needs both of its ends", self.bindings),
            ConformanceCase("an inspection counts messages and consumers", self.inspection),
        ]
    }

    @Sendable private static func patterns(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        let events = names("events")
        try await tested.broker.declare([
            .exchange(events), .queue(names("many")), .queue(names("one")),
            .bind(names("many"), to: events, "order.*"), .bind(names("many"), to: events, "order.#"),
            .bind(names("many"), to: events, "#"), .bind(names("one"), to: events, "order.*.amended"),
        ])
        let keys = ["order.placed", "order.7.amended", "order", "stock.reserved", "order.7.amended.late"]
        let results = await tested.broker.publish(keys.map { .to($0, of: events, id: $0) })
        #expect(results == keys.map { _ in .confirmed })
        let probe = try tested.probe()
        let many = probe.subscribe(to: names("many"))
        let one = probe.subscribe(to: names("one"))
        #expect(try await many.deliveries(5).messageIDs == keys)
        #expect(try await one.deliveries(1).messageIDs == ["order.7.amended"])
        // Whatever comes twice would have come before this one.
        #expect(await tested.broker.publish([.to("order.8.amended", of: events, id: "last")]) == [.confirmed])
        #expect(try await many.deliveries(6).messageIDs == keys + ["last"])
        #expect(try await one.deliveries(2).messageIDs == ["order.7.amended", "last"])
        await probe.close()
    }

    @Sendable private static func kinds(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("direct"), .direct), .exchange(names("fanout"), .fanout), .exchange(names("topic")),
            .queue(names("a")), .queue(names("b")),
            .bind(names("a"), to: names("direct"), "a.*"), .bind(names("b"), to: names("direct"), "b"),
            .bind(names("a"), to: names("fanout"), "ignored"), .bind(names("b"), to: names("fanout"), ""),
            .bind(exchange: names("direct"), to: names("topic"), "#"),
            .bind(exchange: names("topic"), to: names("direct"), "round"),
        ])
        let results = await tested.broker.publish([
            .to("a.x", of: names("direct"), id: "no pattern"), .to("a.*", of: names("direct"), id: "literal"),
            .to("any", of: names("fanout"), id: "both"), .to("b", of: names("topic"), id: "through"),
            .to("round", of: names("direct"), id: "circle"),
        ])
        #expect(results == [.unroutable, .confirmed, .confirmed, .confirmed, .unroutable])
        let probe = try tested.probe()
        #expect(try await probe.subscribe(to: names("a")).deliveries(2).messageIDs == ["literal", "both"])
        let deliveries = try await probe.subscribe(to: names("b")).deliveries(2)
        #expect(deliveries.messageIDs == ["both", "through"])
        #expect(deliveries.map(\.exchange) == [names("fanout"), names("topic")], "the exchange published to")
        await probe.close()
    }

    @Sendable private static func unroutable(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("events")), .queue(names("q")), .bind(names("q"), to: names("events"), "order.*"),
        ])
        let results = await tested.broker.publish([
            .to("order.placed", of: names("events"), id: "same"), .to("stock.low", of: names("events"), id: "same"),
            .to(names("missing")), .to("order.placed", of: names("events")),
            // Longer than AMQP allows: what returns has another id.
            .to("stock.low", of: names("events"), id: String(repeating: "ä", count: 200)),
        ])
        #expect(results == [.confirmed, .unroutable, .unroutable, .confirmed, .unroutable])
    }

    @Sendable private static func missing(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.queue(names("q"))])
        let results = await tested.broker.publish(
            (0..<30).map { $0 % 10 == 5 ? .to("k", of: names("missing")) : .to(names("q"), id: "\($0)") }
        )
        for (index, result) in results.enumerated() {
            guard index % 10 == 5 else {
                #expect(result == .confirmed, "message \(index)")
                continue
            }
            if case .refused(let error) = result { #expect(error.kind == .notFound) } else { Issue.record("\(result)") }
        }
        #expect(await tested.broker.publish([.to(names("q"))]) == [.confirmed])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"), acknowledges: true)
        // What was sent again may have come twice, but all of it came.
        let expected = Set((0..<30).filter { $0 % 10 != 5 }.map { "\($0)" })
        try await subscription.wait(for: "all messages") { Set($0.deliveries.messageIDs).isSuperset(of: expected) }
        await probe.close()
    }

    @Sendable private static func alternate(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("parked"), .fanout), .queue(names("parked")),
            .bind(names("parked"), to: names("parked"), ""),
            .exchange(names("done"), .topic, [DeclarationArgument("alternate-exchange", .text(names("parked")))]),
            .queue(names("q")), .bind(names("q"), to: names("done"), "known"),
        ])
        let results = await tested.broker.publish([
            .to("known", of: names("done"), id: "known"), .to("unknown", of: names("done"), id: "unknown"),
        ])
        #expect(results == [.confirmed, .confirmed])
        let probe = try tested.probe()
        #expect(try await probe.subscribe(to: names("q")).deliveries(1).messageIDs == ["known"])
        let parked = try await probe.subscribe(to: names("parked")).deliveries(1)
        #expect(parked.messageIDs == ["unknown"])
        #expect(parked.map(\.routingKey) == ["unknown"])
        await probe.close()
    }

    @Sendable private static func mismatch(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        let limits = [
            DeclarationArgument("x-delivery-limit", .number(5)), DeclarationArgument("x-message-ttl", .number(60_000)),
        ]
        let objects: [Declaration] = [
            .exchange(names("e")), .queue(names("q"), limits), .bind(names("q"), to: names("e"), "#"),
        ]
        try await tested.broker.declare(objects)
        try await tested.broker.declare(objects)
        let others: [Declaration] = [
            .queue(
                names("q"),
                [DeclarationArgument("x-delivery-limit", .number(5)), DeclarationArgument("x-message-ttl", .number(1))]
            ),
            .queue(names("q")), .exchange(names("e"), .direct),
            .exchange(names("e"), .topic, [DeclarationArgument("alternate-exchange", .text("amq.fanout"))]),
        ]
        for other in others {
            let error = await #expect(throws: BrokerError.self) { try await tested.broker.declare([other]) }
            #expect(error?.kind == .mismatch, "\(other): \(String(describing: error))")
            #expect(error?.description.contains("guest:") == false)
        }
        try await tested.broker.declare(objects + [.queue(names("later"))])
        #expect(try await tested.broker.inspect(queue: names("later")) != nil, "the list went on")
    }

    @Sendable private static func bindings(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.exchange(names("e")), .queue(names("q"))])
        let dangling: [Declaration] = [
            .bind(names("q"), to: names("missing"), "#"), .bind(names("missing"), to: names("e"), "#"),
            .bind(exchange: names("missing"), to: names("e"), "#"),
        ]
        for binding in dangling {
            let error = await #expect(throws: BrokerError.self) { try await tested.broker.declare([binding]) }
            #expect(error?.kind == .notFound, "\(binding)")
        }
    }

    @Sendable private static func inspection(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        #expect(try await tested.broker.inspect(queue: names("q")) == nil)
        try await tested.broker.declare([.queue(names("q"))])
        #expect(
            try await tested.broker.inspect(queue: names("q")) == QueueInspection(readyMessages: 0, consumers: 0)
        )
        _ = await tested.broker.publish((0..<5).map { _ in .to(names("q")) })
        try await tested.expectReady(5, in: names("q"))
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"), prefetch: 2)
        _ = try await subscription.deliveries(2)
        try await tested.expectReady(3, in: names("q"))
        #expect(try await tested.broker.inspect(queue: names("q"))?.consumers == 1)
        await probe.close()
        try await tested.expectReady(5, in: names("q"))
    }
}
