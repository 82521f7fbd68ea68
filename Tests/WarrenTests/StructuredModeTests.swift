import FoundationEssentials
import Messaging
import Testing
import Warren

@Suite struct StructuredModeTests {
    private let structured = "application/CloudEvents+json; charset=utf-8"

    private func texts(_ outcome: Outcome) -> [String] {
        outcome.emitted.map { String(decoding: $0.payload, as: UTF8.self) }
    }

    private func order(_ outcome: Outcome) throws -> Order {
        try JSONDecoder().decode(Order.self, from: Data(try #require(outcome.emitted.first).payload))
    }

    @Test func `the envelope's attributes win and its data is the payload`() async throws {
        let body = """
            {"specversion":"1.0","id":"inner","type":"T","source":"S","correlationid":"C","traceparent":"00-1-2-01",
             "data":{"id":"1","items":[{"sku":"a","price":1.5}]}}
            """
        let outcome = try await TestInvocation.run(EchoOrder.self, body, contentType: self.structured)
        #expect(try self.order(outcome) == Order(id: "1", items: [Order.Item(sku: "a", price: 1.5)]))
        #expect(self.texts(outcome).dropFirst() == [#""inner""#, #"["T","S","C","order.placed"]"#])
        #expect(outcome.emitted.allSatisfy { $0.correlationID == "C" && $0.causationID == "inner" })
        #expect(outcome.emitted.allSatisfy { $0.traceParent == "00-1-2-01" })
    }

    @Test func `what the envelope lacks is the message's`() async throws {
        let body = #"{"data":{"id":"1","items":[]}}"#
        let outcome = try await TestInvocation.run(
            EchoOrder.self,
            body,
            contentType: self.structured,
            headers: [("ce-source", .string("header"))]
        )
        let attributes = #"["order.placed","header","event-1","order.placed"]"#
        #expect(self.texts(outcome).dropFirst() == [#""event-1""#, attributes])
    }

    @Test func `data in base64 is JSON too`() async throws {
        let body = #"{"id":"1","data_base64":"eyJpZCI6IjEiLCJpdGVtcyI6W119"}"#
        let outcome = try await TestInvocation.run(EchoOrder.self, body, contentType: self.structured)
        #expect(try self.order(outcome) == Order(id: "1", items: []))
    }

    @Test(
        arguments: [
            (#"{"id":7,"data":{}}"#, "undecodable: envelope.id: expected String, found number"),
            (#"{"id":"1","data":{"id":"1"}}"#, "undecodable: envelope.data.items: missing"),
            (#"{"id":"1"}"#, "undecodable: envelope: neither data nor data_base64 is there"),
            (#"{"id":"1","data_base64":"%"}"#, "undecodable: envelope.data_base64: expected base64"),
            (#"{"id":"1","data_base64":"e30="}"#, "undecodable: envelope.data_base64.id: missing"),
            ("", "undecodable: envelope: empty, and JSON was expected"),
        ]
    )
    func `a broken envelope is undecodable with its place`(body: String, summary: String) async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, body, contentType: self.structured)
        #expect(outcome.summary == summary)
    }

    @Test(
        arguments: [
            (#"{"data":[1,-2.5,null,true,"x"]}"#, #"[1,-2.5,null,true,"x"]"#, "application/json"),
            (#"{"data":18446744073709551615}"#, "18446744073709551615", "application/json"),
            (#"{"data":"x"}"#, #""x""#, "application/json"),
            (#"{"datacontenttype":"text/plain","data":"x"}"#, "x", "text/plain"),
            (#"{"datacontenttype":"image/png","data_base64":"eHl6"}"#, "xyz", "image/png"),
            (#"{"id":"1"}"#, "", "application/json"),
        ]
    )
    func `a function on bytes gets those of the data`(body: String, bytes: String, contentType: String) async throws {
        let outcome = try await TestInvocation.run(EchoBytes.self, body, contentType: self.structured)
        #expect(self.texts(outcome) == [bytes])
        #expect(outcome.emitted.map { $0.contentType } == [contentType])
    }
}
