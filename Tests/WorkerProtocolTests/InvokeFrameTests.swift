import Messaging
import Testing
import WorkerProtocol

@Suite struct InvokeFrameTests {
    private func received(
        _ properties: BasicProperties,
        headers: [(String, FieldValue)] = [],
        resolvedID: String? = nil,
        originalRoutingKey: String? = nil,
        routingKey: String = "order.placed"
    ) throws -> ReceivedInvocation {
        let encoded = properties.encoded(headers: FieldTable(headers))
        let key = Array(routingKey.utf8)
        let delivery = Delivery(
            tag: DeliveryTag(generation: 1, value: 1),
            exchange: "events",
            isRedelivered: false,
            bytes: key + encoded + Array("{}".utf8),
            routingKeyCount: key.count,
            propertiesCount: encoded.count
        )
        var bytes: [UInt8] = []
        InvokeFrame.write(
            invocation: 9,
            run: InvokeFrame.Run(timeoutMilliseconds: 5000, attempt: 2, maxAttempts: 5),
            delivery: delivery,
            attributes: EventAttributes(delivery),
            resolvedID: resolvedID,
            originalRoutingKey: originalRoutingKey,
            receivedMilliseconds: 1234,
            to: &bytes
        )
        var buffer = FrameBuffer()
        buffer.append(bytes)
        return try ReceivedInvocation(try #require(try buffer.next()))
    }

    @Test func `a delivery arrives with all it had`() throws {
        var properties = BasicProperties()
        properties.messageID = "m"
        properties.timestamp = 1_700_000_000
        properties.contentType = "text/plain"
        let received = try self.received(properties, headers: [("ce-subject", .string("s")), ("n", .integer(1))])
        #expect(received.invocation == 9)
        #expect(received.run == InvokeFrame.Run(timeoutMilliseconds: 5000, attempt: 2, maxAttempts: 5))
        #expect(received[.id] == "m")
        #expect(received[.subject] == "s")
        #expect(received[.contentType] == "text/plain")
        #expect(received[.routingKey] == "order.placed")
        #expect(received[.type] == nil)
        #expect(received.timeMilliseconds == 1_700_000_000_000)
        #expect(received.headers["n"] == .integer(1))
        #expect(Array(received.payload) == Array("{}".utf8))
    }

    @Test func `a timestamp in milliseconds is read as such, and one that is no time leaves it to the others`() throws {
        var properties = BasicProperties()
        properties.timestamp = 1_700_000_000_123
        #expect(try self.received(properties).timeMilliseconds == 1_700_000_000_123)
        for wrong in [1_700_000_000_000_000, 1 << 63, UInt64.max] {
            properties.timestamp = wrong
            #expect(try self.received(properties).timeMilliseconds == 1234)
            let text = try self.received(properties, headers: [("ce-time", .string("2026-01-31T12:00:00Z"))])
            #expect(text.timeMilliseconds == nil)
            #expect(text[.time] == "2026-01-31T12:00:00Z")
        }
    }

    @Test func `without a time it is that of receipt, and a time in a header stays text`() throws {
        #expect(try self.received(BasicProperties()).timeMilliseconds == 1234)
        let header = try self.received(BasicProperties(), headers: [("ce-time", .string("2026-01-31T12:00:00Z"))])
        #expect(header.timeMilliseconds == nil)
        #expect(header[.time] == "2026-01-31T12:00:00Z")
    }

    @Test func `a made-up id and the key from before a delay replace those of the delivery`() throws {
        let received = try self.received(BasicProperties(), resolvedID: "generated-1", originalRoutingKey: "first.key")
        #expect(received[.id] == "generated-1")
        #expect(received[.routingKey] == "first.key")
    }

    @Test func `attributes that are too long are cut, and what stands behind them arrives`() throws {
        let long = String(repeating: "x", count: 70_000)
        var properties = BasicProperties()
        properties.contentType = "text/plain"
        let received = try self.received(properties, headers: [("ce-subject", .string(long))], routingKey: long)
        let longest = String(repeating: "x", count: 65_535)
        #expect(received[.routingKey] == longest)
        #expect([nil, longest].contains(received[.subject]))
        #expect(received[.contentType] == "text/plain")
        #expect(Array(received.payload) == Array("{}".utf8))
    }
}
