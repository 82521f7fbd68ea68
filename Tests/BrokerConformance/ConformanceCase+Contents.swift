internal import Messaging
internal import Testing

/// What goes in comes out.
extension ConformanceCase {
    static var contents: [ConformanceCase] {
        [
            ConformanceCase("properties and headers of every type arrive as they were published", self.everything),
            ConformanceCase("bodies of all sizes arrive whole", self.bodies),
            ConformanceCase("headers that do not fit one frame are refused before sending", self.largeHeaders),
            ConformanceCase("five thousand messages are confirmed and arrive in order", self.manyMessages),
            ConformanceCase("a body over the limit arrives without it and can be dead-lettered", self.omittedBody),
        ]
    }

    private static let headers: FieldTable = {
        var table = FieldTable([
            ("text", .string("grün")),
            ("number", .integer(-1)),
            ("flag", .boolean(true)),
            ("ratio", .double(0.1)),
            ("moment", .timestamp(1_700_000_000)),
            ("nothing", .void),
            ("blob", .bytes([0, 255, 1])),
            ("list", .array([.integer(1), .string("two"), .array([.void])])),
            ("nested", .table(["inner": .table(["deep": .boolean(false)]), "a": .string("")])),
        ])
        // A long string that is not UTF-8, and the short numbers that other clients write.
        let foreign: [UInt8] =
            [6] + Array("broken".utf8) + [UInt8(ascii: "S"), 0, 0, 0, 3, 0xff, 0xfe, 0x41]
            + [5] + Array("octet".utf8) + [UInt8(ascii: "b"), 0x80]
            + [5] + Array("short".utf8) + [UInt8(ascii: "s"), 0xff, 0xff]
            + [4] + Array("long".utf8) + [UInt8(ascii: "I"), 0x80, 0, 0, 0]
            + [5] + Array("float".utf8) + [UInt8(ascii: "f"), 0x3f, 0x80, 0, 0]
            + [7] + Array("decimal".utf8) + [UInt8(ascii: "D"), 2, 0, 0, 0, 5]
        table = FieldTable(bytes: table.bytes + foreign)
        return table
    }()

    @Sendable private static func everything(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("events")), .queue(names("q")), .bind(names("q"), to: names("events"), "#"),
        ])
        var message = OutgoingMessage.to("order.placed", of: names("events"), id: "id-1", body: Array("{}".utf8))
        message.properties.contentType = "application/json"
        message.properties.contentEncoding = "identity"
        message.properties.correlationID = "correlation"
        message.properties.replyTo = "reply"
        message.properties.timestamp = 1_700_000_000
        message.properties.type = "OrderPlaced"
        message.properties.appID = "shop"
        message.properties.priority = 3
        message.headers = self.headers
        #expect(await tested.broker.publish([message]) == [.confirmed])

        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"))
        let delivery = try #require(try await subscription.deliveries(1).first)
        #expect(delivery.layout.properties(in: delivery.bytes) == message.properties)
        // RabbitMQ 4.x sorts them.
        #expect(delivery.headers.bytesOfEntries == message.headers.bytesOfEntries, "byte for byte, in any order")
        #expect(delivery.headers.bytes.count == message.headers.bytes.count)
        #expect(delivery.body == message.body)
        #expect(delivery.exchange == names("events"))
        #expect(delivery.routingKey == "order.placed")
        #expect(!delivery.isRedelivered)
        await probe.close()
    }

    @Sendable private static func bodies(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.queue(names("q"))])
        // Around whole frames (131,072 less 8 of frame), which librabbitmq holds back.
        let sizes = [0, 1, 131_063, 131_064, 131_065, 262_128, 1 << 20]
        let messages = sizes.map { size in
            OutgoingMessage.to(names("q"), body: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        }
        #expect(await tested.broker.publish(messages) == sizes.map { _ in .confirmed })
        let probe = try tested.probe()
        let deliveries = try await probe.subscribe(to: names("q"), acknowledges: true).deliveries(sizes.count)
        #expect(deliveries.map(\.body.count) == sizes)
        #expect(zip(deliveries, messages).allSatisfy { $0.body == $1.body })
        await probe.close()
    }

    @Sendable private static func largeHeaders(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.queue(names("q"))])
        var small = OutgoingMessage.to(names("q"), id: "small")
        // 131,050 bytes of properties fit: 16 of fixed size, 6 of message id, 8 of name, kind and length.
        small.headers.set("pad", .bytes(Array(repeating: 7, count: 131_050 - 16 - 6 - 9)))
        var large = OutgoingMessage.to(names("q"), id: "large")
        large.headers.set("pad", .bytes(Array(repeating: 7, count: 131_072)))
        var longKey = OutgoingMessage.to(String(repeating: "k", count: 256), of: "amq.topic")
        longKey.properties.messageID = "key"
        let results = await tested.broker.publish([large, small, longKey])
        #expect(results == [.headersTooLarge, .confirmed, .headersTooLarge])
        let probe = try tested.probe()
        let delivery = try #require(try await probe.subscribe(to: names("q")).deliveries(1).first)
        #expect(delivery.headers == small.headers)
        await probe.close()
    }

    @Sendable private static func manyMessages(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([.queue(names("q"))])
        let messages = (0..<5000).map { OutgoingMessage.to(names("q"), id: "\($0)", body: Array("\($0)".utf8)) }
        #expect(await tested.broker.publish(messages) == messages.map { _ in .confirmed })
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: names("q"), prefetch: 300, acknowledges: true)
        #expect(try await subscription.deliveries(5000).messageIDs == (0..<5000).map { "\($0)" })
        await probe.close()
        try await tested.expectReady(0, in: names("q"))
    }

    @Sendable private static func omittedBody(_ tested: any BrokerUnderTest) async throws {
        let names = Names()
        try await tested.broker.declare([
            .exchange(names("dlx"), .direct), .queue(names("dead")), .bind(names("dead"), to: names("dlx"), "k"),
            .queue(names("q"), .deadLettering(to: names("dlx"), key: "k")),
        ])
        let large = OutgoingMessage.to(names("q"), id: "large", body: Array(repeating: 1, count: 300_000))
        let small = OutgoingMessage.to(names("q"), id: "small", body: [1])
        #expect(await tested.broker.publish([large, small]) == [.confirmed, .confirmed])
        let probe = try tested.probe(bodyLimit: 100_000)
        let subscription = probe.subscribe(to: names("q"))
        let deliveries = try await subscription.deliveries(2)
        #expect(deliveries.map(\.omittedBodySize) == [300_000, nil])
        #expect(deliveries.map(\.body.count) == [0, 1])
        #expect(deliveries.messageIDs == ["large", "small"])
        subscription.settle([deliveries[0]], .reject)
        let other = try tested.probe()
        let dead = try #require(try await other.subscribe(to: names("dead")).deliveries(1).first)
        #expect(dead.body == large.body)
        await probe.close()
        await other.close()
    }
}
