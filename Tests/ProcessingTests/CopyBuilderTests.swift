import Manifests
import Messaging
import Testing
import Topology

@testable import Processing

struct CopyBuilderTests {
    private static let copies = CopyBuilder(names: TopologyNames(namespace: "t"), host: "host-1")
    private static let origin = Origin(exchange: "events", routingKey: "order.placed")

    private static func delivery(
        _ headers: FieldTable = FieldTable(),
        _ change: (inout BasicProperties) -> Void = { $0.messageID = "id-1" }
    ) -> Delivery {
        var properties = BasicProperties()
        change(&properties)
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: "order.placed",
            properties: properties,
            headers: headers,
            body: [1, 2, 3]
        )
        return Delivery(message, tag: DeliveryTag(generation: 1, value: 1))
    }

    private static func retry(
        _ delivery: Delivery,
        failure: Failure = .test,
        expiresAt: Int64? = nil
    ) -> OutgoingMessage {
        self.copies.retry(
            delivery,
            queue: "t.f",
            function: "f",
            origin: self.origin,
            after: .seconds(1),
            expiresAt: expiresAt,
            history: AttemptHistory(attempt: 2, deferrals: 1, firstFailedAt: 99),
            failure: failure
        ).message
    }

    @Test func `a retry carries what happened, where it was published, and its body`() {
        let copy = Self.retry(Self.delivery())
        #expect(copy.exchange == "t.delay.03")
        #expect(copy.routingKey.hasSuffix(".1.0.1.0.t.f"))
        #expect(copy.body == [1, 2, 3])
        #expect(Self.retry(Self.delivery(), expiresAt: 7).headers["warren-expires-at"] == .integer(7))
        #expect(copy.properties.messageID == "id-1")
        let headers = Dictionary(uniqueKeysWithValues: copy.headers.entries.map { ($0.name, $0.value) })
        #expect(
            headers == [
                "warren-attempt": .integer(2), "warren-deferrals": .integer(1), "warren-first-failed-at": .integer(99),
                "warren-function": .string("f"), "warren-host": .string("host-1"),
                "warren-original-exchange": .string("events"),
                "warren-original-routing-key": .string("order.placed"), "warren-error-type": .string("TestError"),
                "warren-error": .string("it failed"),
            ]
        )
    }

    @Test(arguments: DeadReason.allCases)
    func `a dead letter says why and when`(reason: DeadReason) {
        let letter = Self.copies.deadLetter(
            Self.delivery(),
            queue: "t.f",
            function: "f",
            origin: Self.origin,
            reason: reason,
            history: AttemptHistory(attempt: 5),
            failure: .test,
            now: 1234
        )
        #expect(letter.exchange == "t.dead-letter")
        #expect(letter.routingKey == "t.f")
        #expect(letter.headers["warren-dead-reason"] == .string(reason.rawValue))
        #expect(letter.headers["warren-dead-at"] == .integer(1234))
    }

    @Test(arguments: [
        "warren-attempt", "warren-anything", "x-death", "x-first-death-reason", "x-first-death-queue",
        "x-last-death-exchange", "x-delivery-count", "x-acquired-count", "CC", "BCC",
    ])
    func `what an earlier copy or the broker wrote, and what routes elsewhere, is cut out`(name: String) {
        let delivery = Self.delivery(FieldTable([(name, .string("forged")), ("kept", .integer(1))]))
        let copy = Self.retry(delivery)
        #expect(copy.headers["kept"] == .integer(1))
        #expect(copy.headers.entries.filter { $0.name == name }.allSatisfy { $0.value != .string("forged") })
    }

    @Test func `the publisher's other headers keep every byte`() throws {
        // An odd type (unsigned octet), text that is not UTF-8, and a nested table.
        var bytes: [UInt8] = [3] + Array("odd".utf8) + [UInt8(ascii: "B"), 200]
        bytes += [3] + Array("raw".utf8) + [UInt8(ascii: "S"), 0, 0, 0, 2, 0xff, 0xfe]
        bytes += FieldTable([("nested", .table(["a": .array([.void, .double(1.5)])]))]).bytes
        let copy = Self.retry(Self.delivery(FieldTable(bytes: bytes)))
        #expect(copy.headers.bytes.starts(with: bytes))
    }

    @Test func `each of Warren's headers stands once, however often a message is copied`() {
        var message = Self.retry(Self.delivery())
        for _ in 0..<5 { message = Self.retry(Delivery(message, tag: DeliveryTag(generation: 1, value: 1))) }
        let names = message.headers.entries.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `a message's own time to live is dropped, its other properties stay`() {
        let copy = Self.retry(
            Self.delivery { properties in
                properties.messageID = "id"
                properties.expiration = "60000"
                properties.priority = 7
                properties.contentType = "text/plain"
                properties.correlationID = "c"
                properties.timestamp = 9
            }
        )
        #expect(copy.properties.expiration == nil)
        #expect(copy.properties.priority == 7)
        #expect(copy.properties.contentType == "text/plain")
        #expect(copy.properties.correlationID == "c")
        #expect(copy.properties.timestamp == 9)
    }

    @Test func `a message without an id gets one, the same at every delivery`() throws {
        let first = try #require(Self.retry(Self.delivery { _ in }).properties.messageID)
        #expect(first.hasPrefix("generated-"))
        let redelivered = Self.delivery(FieldTable([("x-delivery-count", .integer(2))])) { _ in }
        #expect(Self.retry(redelivered).properties.messageID == first)
        let other = Self.delivery(FieldTable([("x", .integer(2))])) { _ in }
        #expect(Self.retry(other).properties.messageID != first)
    }

    @Test(arguments: [
        (String(repeating: "x", count: 8192), 8192), (String(repeating: "x", count: 9000), 8192),
        (String(repeating: "ä", count: 5000), 8192), ("x" + String(repeating: "ä", count: 5000), 8191),
        (String(repeating: "€", count: 5000), 8190), (String(repeating: "🐇", count: 5000), 8192),
        // One character of many scalars: cut inside it rather than away.
        ("e" + String(repeating: "\u{301}", count: 9000), 8191),
    ])
    func `an error is cut between scalars to 8 KiB`(text: String, count: Int) throws {
        let copy = Self.retry(Self.delivery(), failure: Failure(type: "E", message: text))
        guard case .string(let error)? = copy.headers["warren-error"] else {
            Issue.record("there is no error")
            return
        }
        #expect(error.utf8.count == count)
        #expect(text.utf8.starts(with: error.utf8))
        #expect(!error.unicodeScalars.contains("\u{fffd}"))
    }

    @Test(arguments: [0, 100_000, 112_000, 118_000, 119_000, 119_990])
    func `an error gives way to the publisher's headers, so that all fit one frame`(size: Int) {
        let headers = FieldTable([("big", .bytes([UInt8](repeating: 1, count: size)))])
        let delivery = Self.delivery(headers) { properties in
            properties.messageID = String(repeating: "i", count: 255)
            properties.type = String(repeating: "t", count: 255)
            properties.appID = String(repeating: "a", count: 255)
        }
        let failure = Failure(
            type: String(repeating: "T", count: 500),
            message: String(repeating: "€", count: 5000)
        )
        let copy = Self.retry(delivery, failure: failure)
        #expect(copy.properties.encoded(headers: copy.headers).count <= 131_072 - 8 - 14)
        #expect(copy.headers["warren-attempt"] == .integer(2))
    }

    @Test func `an emitted event has the same id each time, and another for its place, cause or function`() {
        func id(
            _ number: Int = 0,
            by function: String = "f",
            for cause: String = "e",
            of source: String = "s"
        )
            -> String?
        {
            let cause = (source: source, id: cause)
            return Self.copies.emitted(.test("a"), number: number, by: function, for: cause, exchange: "x", now: 1)
                .message.properties.messageID
        }
        #expect(id() == id())
        #expect(Set([id(), id(1), id(by: "g"), id(for: "h"), id(by: "fe", for: ""), id(of: "r")]).count == 6)
        #expect(id()?.hasPrefix("generated-") == false)
        #expect(id(for: "generated-1")?.hasPrefix("generated-") == true, "equal causes would share it")
    }

    @Test func `a delayed event comes out of its delay as it was meant to be published`() throws {
        let (message, level) = Self.copies.emitted(
            .test("late.one", delay: .seconds(3)),
            number: 0,
            by: "f",
            for: ("s", "e"),
            exchange: "shop",
            now: 1
        )
        #expect(level == 4)
        #expect(message.exchange == "t.delay.04")
        let due = try #require(Self.copies.due(Delivery(message, tag: DeliveryTag(generation: 1, value: 1)), now: 3001))
        let direct = Self.copies.emitted(
            .test("late.one"),
            number: 0,
            by: "f",
            for: ("s", "e"),
            exchange: "shop",
            now: 1
        )
        #expect(direct.level == nil)
        #expect(due == direct.message)
    }

    @Test func `a time to live begins when a scheduled message is due, and never cuts its delay short`() throws {
        var message = EventMessage(id: "e", type: "t", source: "s", timeMilliseconds: 1, payload: [])
            .message(exchange: "shop", routingKey: "late.one")
        message.properties.expiration = "500"
        let scheduled = Self.copies.scheduled(message, after: .seconds(3), now: 1000).message
        #expect(scheduled.properties.expiration == nil)
        #expect(scheduled.headers["warren-expires-at"] == .integer(4500))
        let delivery = Delivery(scheduled, tag: DeliveryTag(generation: 1, value: 1))
        #expect(Self.copies.due(delivery, now: 4100)?.properties.expiration == "400")
        #expect(Self.copies.due(delivery, now: 9000)?.properties.expiration == "0")
        #expect(Self.copies.due(delivery, now: 4100)?.headers["warren-expires-at"] == nil)
    }

    @Test func `a due message that does not say where to is none`() {
        #expect(Self.copies.due(Self.delivery(), now: 1) == nil)
    }
}
