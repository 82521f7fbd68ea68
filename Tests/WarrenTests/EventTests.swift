import FoundationEssentials
import Messaging
import Testing
import Warren

@Suite struct EventTests {
    private func event(id: String? = "event-1", headers: [(String, FieldValue)]) throws -> Event<RawPayload> {
        let received = try TestInvocation.received(TestInvocation.bytes([], id: id, headers: headers))
        return Event(EventOrigin(received, envelope: nil), payload: RawPayload(bytes: []))
    }

    @Test func `a message from a plain AMQP client has sensible attributes`() throws {
        let event = try self.event(headers: [])
        #expect(event.type == "order.placed")
        #expect(event.source == "unknown")
        #expect(event.routingKey == "order.placed")
        #expect(event.correlationID == "event-1")
        #expect(event.causationID == nil)
        #expect(event.subject == nil)
        #expect(event.version == nil)
        #expect(event.time == Date(timeIntervalSince1970: 1_700_000_000.25))
        #expect(event.headers.isEmpty)
    }

    @Test func `an empty attribute counts as absent`() throws {
        let event = try self.event(headers: [("ce-type", .string("")), ("ce-subject", .string(""))])
        #expect(event.type == "order.placed")
        #expect(event.subject == nil)
    }

    @Test func `a time in a header is read, and one that is none stays the same at each look`() throws {
        let good = try self.event(headers: [("ce-time", .string("2026-01-31T12:00:00.5Z"))])
        #expect(good.time == Date(timeIntervalSince1970: 1_769_860_800.5))
        let bad = try self.event(headers: [("ce-time", .string("yesterday"))])
        #expect(bad.time == bad.time)
        #expect(abs(bad.time.timeIntervalSinceNow) < 60)
    }

    @Test func `headers keep their types and order`() throws {
        let event = try self.event(headers: [
            ("text", .string("a")), ("number", .integer(-3)), ("flag", .boolean(true)), ("nothing", .void),
            ("bytes", .bytes([1])), ("real", .double(0.5)), ("time", .timestamp(60)),
            ("list", .array([.integer(1), .string("x")])), ("table", .table(["k": .void])),
        ])
        #expect(event.headers["text"]?.text == "a")
        #expect(event.headers["number"]?.integer == -3)
        #expect(event.headers["number"]?.text == nil)
        #expect(event.headers["Text"] == nil)
        #expect(
            event.headers.map { $0.value } == [
                .text("a"), .integer(-3), .boolean(true), .empty, .bytes([1]), .double(0.5),
                .time(Date(timeIntervalSince1970: 60)), .list([.integer(1), .text("x")]), .table(["k": .empty]),
            ]
        )
    }
}
