internal import Messaging
internal import Testing

/// Dead letters, expiry, and the delays made of them.
extension ConformanceCase {
    static var deadLetters: [ConformanceCase] {
        [
            ConformanceCase("what is refused is dead-lettered with its history", self.reject),
            ConformanceCase(
                "what is refused keeps its key when the queue names none, or is gone without exchange",
                self.plain
            ),
            ConformanceCase("a dead letter that routes nowhere waits until it can", self.heldBack),
            ConformanceCase("a message that dies of age is dead-lettered in its turn", self.expiry),
            ConformanceCase("a message comes out of the delay levels of its key", self.delay),
            ConformanceCase("a second death of the same kind is counted", self.counting),
        ]
    }

    @Sendable private static func reject(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("events")), .exchange(names("dlx"), .direct), .queue(names("dead")),
            .bind(names("dead"), to: names("dlx"), names("q")),
            .queue(names("q"), .deadLettering(to: names("dlx"), key: names("q"))),
            .bind(names("q"), to: names("events"), "order.*"),
        ])
        var message = OutgoingMessage.to("order.placed", of: names("events"), id: "1", body: [1, 2])
        message.properties.type = "OrderPlaced"
        message.headers.set("mine", .table(["kept": .void]))
        _ = await tested.broker.publish([message])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"))
        subscription.settle(try await subscription.deliveries(1), .reject)
        let dead = try #require(try await probe.subscribe(to: names("dead")).deliveries(1).first)
        #expect(dead.exchange == names("dlx"))
        #expect(dead.routingKey == names("q"))
        #expect(dead.body == message.body)
        #expect(dead.layout.properties(in: dead.bytes) == message.properties)
        #expect(dead.headers["mine"] == .table(["kept": .void]))
        // Whether it is marked as redelivered is left open: by RabbitMQ 4.x it is, up to 3.13 it is not.
        var death = try #require(dead.deaths.first)
        #expect(dead.deaths.count == 1)
        guard case .timestamp? = death.removeValue(forKey: "time") else {
            Issue.record("no time in \(death)")
            return
        }
        #expect(
            death == [
                "count": .integer(1), "reason": .string("rejected"), "queue": .string(names("q")),
                "exchange": .string(names("events")), "routing-keys": .array([.string("order.placed")]),
            ]
        )
        #expect(dead.headers["x-first-death-reason"] == .string("rejected"))
        #expect(dead.headers["x-first-death-queue"] == .string(names("q")))
        #expect(dead.headers["x-first-death-exchange"] == .string(names("events")))
        await probe.close()
    }

    @Sendable private static func plain(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("dlx")), .queue(names("dead")), .bind(names("dead"), to: names("dlx"), "#"),
            .queue(names("q"), .deadLettering(to: names("dlx"))), .queue(names("without")),
        ])
        _ = await tested.broker.publish([.to(names("q"), id: "1"), .to(names("without"), id: "2")])
        let probe = try tested.probe()
        let without = probe.subscribe(to: names("without"))
        without.settle(try await without.deliveries(1), .reject)
        let subscription = probe.subscribe(to: names("q"))
        subscription.settle(try await subscription.deliveries(1), .reject)
        let dead = try await probe.subscribe(to: names("dead")).deliveries(1)
        #expect(dead.map(\.routingKey) == [names("q")])
        #expect(dead.messageIDs == ["1"])
        await probe.close()
        try await tested.expectReady(0, in: names("without"))
    }

    @Sendable private static func heldBack(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("dlx"), .direct), .queue(names("q"), .deadLettering(to: names("dlx"), key: "k")),
        ])
        _ = await tested.broker.publish([.to(names("q"), id: "1"), .to(names("q"), id: "2")])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"), prefetch: 1)
        subscription.settle(try await subscription.deliveries(1), .reject)
        subscription.settle(try await subscription.deliveries(2).suffix(1), .acknowledge)
        try await tested.expectReady(0, in: names("q"))  // not to be had by consumers
        #expect(subscription.seen.deliveries.count == 2)
        await probe.close()
    }

    @Sendable private static func expiry(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        let age = [DeclarationArgument("x-message-ttl", .number(300))]
        try await tested.broker.declare([
            .exchange(names("dlx"), .fanout), .queue(names("dead")), .bind(names("dead"), to: names("dlx"), ""),
            .queue(names("q"), .deadLettering(to: names("dlx")) + age),
        ])
        var own = OutgoingMessage.to(names("q"), id: "own")
        own.properties.expiration = "100"
        _ = await tested.broker.publish([.to(names("q"), id: "0"), own, .to(names("q"), id: "2")])
        #expect(try await tested.broker.inspect(queue: names("dead"))?.readyMessages == 0)
        await tested.pass(.milliseconds(300))
        let probe = try tested.probe()
        let dead = try await probe.subscribe(to: names("dead")).deliveries(3)
        #expect(dead.messageIDs == ["0", "own", "2"], "a short life waits behind a longer one")
        #expect(dead.allSatisfy { $0.deaths.first?["reason"] == .string("expired") })
        #expect(dead[1].deaths.first?["original-expiration"] == .string("100"))
        #expect(dead[1].layout.properties(in: dead[1].bytes).expiration == nil)
        await probe.close()
    }

    /// Four levels as in Warren's topology: digit 1 waits in a level's queue, digit 0 goes to the level below.
    @Sendable private static func delay(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        var objects: [Declaration] = [
            .exchange(names("delay.done")), .queue(names("q")),
            .bind(names("q"), to: names("delay.done"), "*.*.*.*.\(names("q"))"),
        ]
        for level in 0..<4 {
            let name = names("delay.\(level)")
            let below = level == 0 ? names("delay.done") : names("delay.\(level - 1)")
            let lifetime = DeclarationArgument("x-message-ttl", .number(Int64(50 << level)))
            let any = String(repeating: "*.", count: 3 - level)
            objects += [
                .exchange(name), .queue(name, .deadLettering(to: below) + [lifetime]),
                .bind(name, to: name, "\(any)1.#"), .bind(exchange: below, to: name, "\(any)0.#"),
            ]
        }
        try await tested.broker.declare(objects)
        let key = "1.0.1.0.\(names("q"))"
        let none = "0.0.0.0.\(names("q"))"
        let top = names("delay.3")
        let results = await tested.broker.publish([.to(key, of: top, id: "late"), .to(none, of: top, id: "at once")])
        #expect(results == [.confirmed, .confirmed])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"))
        // On a slow machine the other one may be there, too.
        #expect(try await subscription.deliveries(1).first?.messageID == "at once")
        await tested.pass(.milliseconds(499))
        await tested.pass(.milliseconds(1))
        let late = try await subscription.deliveries(2)[1]
        #expect(late.messageID == "late")
        #expect(late.routingKey == key)
        #expect(late.exchange == names("delay.0"), "where the last queue sent it")
        #expect(late.deaths.map { $0["queue"] } == [.string(names("delay.1")), .string(names("delay.3"))])
        await probe.close()
    }

    @Sendable private static func counting(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("dlx"), .direct), .queue(names("q"), .deadLettering(to: names("dlx"), key: "k")),
            .bind(names("q"), to: names("dlx"), "k"),
        ])
        _ = await tested.broker.publish([.to(names("q"), id: "1")])
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"))
        for round in 1...3 {
            subscription.settle(try await subscription.deliveries(round).suffix(1), .reject)
        }
        let last = try #require(try await subscription.deliveries(4).last)
        #expect(last.deaths.map { $0["count"] } == [.integer(3)])
        #expect(last.headers["x-first-death-exchange"] == .string(""))
        await probe.close()
    }
}
