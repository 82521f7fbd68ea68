internal import Messaging
internal import Testing

/// What no longer exists.
extension ConformanceCase {
    static var removals: [ConformanceCase] {
        [
            ConformanceCase("a removed binding routes no more, and its neighbours do", self.removedBinding),
            ConformanceCase("a removed binding of an exchange routes no more", self.removedExchangeBinding),
            ConformanceCase("removing what does not exist is done", self.removedTwice),
            ConformanceCase("a removed queue is gone with its messages, and its consumer is told", self.removedQueue),
            ConformanceCase("what the broker refuses to remove is reported", self.refusedRemoval),
            ConformanceCase("a queue proves what is in it, and keeps it", self.proof),
        ]
    }

    @Sendable private static func proof(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        #expect(try await tested.broker.inspectForCertain(queue: names("q")) == nil)
        let ordered = QueueDeclaration(
            name: names("ordered"),
            arguments: [
                DeclarationArgument("x-queue-type", .text("quorum")),
                DeclarationArgument("x-single-active-consumer", .flag(true)),
            ]
        )
        try await tested.broker.declare([.queue(names("q")), .queue(ordered)])
        let nothing = QueueInspection(readyMessages: 0, consumers: 0)
        let queues = [names("q"), names("ordered")]
        for queue in queues {
            #expect(try await tested.broker.inspectForCertain(queue: queue) == nothing)
            _ = await tested.broker.publish([.to(queue, id: "1")])
            let one = QueueInspection(readyMessages: 1, consumers: 0)
            #expect(try await tested.broker.inspectForCertain(queue: queue) == one)
        }
        let probe = try tested.probe()
        for queue in queues {
            let subscription = probe.subscribe(to: queue)
            #expect(try await subscription.deliveries(1).messageIDs == ["1"])
            let taken = QueueInspection(readyMessages: 0, consumers: 1)
            #expect(try await tested.broker.inspectForCertain(queue: queue) == taken)
        }
        await probe.close()
    }

    @Sendable private static func removedBinding(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        let events = names("events")
        try await tested.broker.declare([
            .exchange(events), .queue(names("q")), .queue(names("other")), .bind(names("q"), to: events, "order.*"),
            .bind(names("q"), to: events, "stock.#"), .bind(names("other"), to: events, "order.*"),
        ])
        // Each of the others differs from a binding in one of its three parts.
        try await tested.broker.remove([
            .bind(names("q"), to: events, "order.*"), .bind(names("q"), to: events, "order.placed"),
            .bind(names("other"), to: events, "stock.#"), .bind(names("q"), to: "amq.topic", "stock.#"),
        ])
        let results = await tested.broker.publish([
            .to("order.placed", of: events, id: "order"), .to("stock.low", of: events, id: "stock"),
        ])
        #expect(results == [.confirmed, .confirmed])
        let probe = try tested.probe()
        #expect(try await probe.subscribe(to: names("other")).deliveries(1).messageIDs == ["order"])
        #expect(try await probe.subscribe(to: names("q")).deliveries(1).messageIDs == ["stock"])
        await probe.close()
        try await tested.broker.remove([.bind(names("other"), to: events, "order.*")])
        #expect(await tested.broker.publish([.to("order.placed", of: events)]) == [.unroutable])
    }

    @Sendable private static func removedExchangeBinding(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("from")), .exchange(names("to")), .queue(names("q")),
            .bind(names("q"), to: names("to"), "#"),
            .bind(exchange: names("to"), to: names("from"), "a"), .bind(exchange: names("to"), to: names("from"), "b"),
        ])
        try await tested.broker.remove([.bind(exchange: names("to"), to: names("from"), "a")])
        let results = await tested.broker.publish(["a", "b"].map { .to($0, of: names("from")) })
        #expect(results == [.unroutable, .confirmed])
    }

    @Sendable private static func removedTwice(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.exchange(names("e")), .queue(names("q")), .queue(names("last"))])
        let removals: [Removal] = [
            .bind(names("q"), to: names("e"), "#"), .bind(names("missing"), to: names("e"), "#"),
            .bind(names("q"), to: names("missing"), "#"), .bind(exchange: names("missing"), to: names("e"), "#"),
            .bind(exchange: names("e"), to: names("missing"), "#"), .queue(names("missing")), .queue(names("q")),
            .queue(names("q")), .queue(names("last")),
        ]
        try await tested.broker.remove(removals)
        try await tested.broker.remove(removals)
        try await tested.broker.remove([])
        #expect(try await tested.broker.inspect(queue: names("q")) == nil)
        #expect(try await tested.broker.inspect(queue: names("last")) == nil, "the list went on")
    }

    @Sendable private static func removedQueue(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        let objects: [Declaration] = [
            .exchange(names("e")), .queue(names("q")), .bind(names("q"), to: names("e"), "#"),
        ]
        try await tested.broker.declare(objects)
        _ = await tested.broker.publish((0..<3).map { .to("k", of: names("e"), id: "\($0)") })
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"), prefetch: 1)
        _ = try await subscription.deliveries(1)
        try await tested.broker.remove([.queue(names("q"))])
        try await subscription.signal(.interrupted(.consumer, .notFound))
        #expect(try await tested.broker.inspect(queue: names("q")) == nil)
        #expect(await tested.broker.publish([.to("k", of: names("e"))]) == [.unroutable])
        await probe.close()
        try await tested.broker.declare(objects)
        #expect(
            try await tested.broker.inspect(queue: names("q")) == QueueInspection(readyMessages: 0, consumers: 0)
        )
    }

    @Sendable private static func refusedRemoval(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.queue(names("q")), .queue(names("behind"))])
        let error = await #expect(throws: BrokerError.self) {
            try await tested.broker.remove([.bind(names("q"), to: "", names("q")), .queue(names("behind"))])
        }
        #expect(error?.kind == .accessRefused, "the default exchange keeps its bindings")
        #expect(try await tested.broker.inspect(queue: names("behind")) != nil, "the list stopped there")
        try await tested.broker.remove([.queue(names("behind"))])
        #expect(try await tested.broker.inspect(queue: names("behind")) == nil)
    }
}
