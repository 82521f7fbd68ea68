import Messaging
import Testing
import Warren

@Suite struct DecodingTests {
    @Test(
        arguments: [
            (
                #"{"id":"1","items":[{"sku":"a","price":1},{"sku":"b","price":"2"}]}"#,
                "undecodable: payload.items[1].price: expected Double, found a string"
            ),
            (#"{"id":"1","items":[{"sku":"a"}]}"#, "undecodable: payload.items[0].price: missing"),
            (#"{"id":null,"items":[]}"#, "undecodable: payload.id: expected String, found null"),
            ("[]", "undecodable: payload: expected an object, found an array"),
            ("", "undecodable: payload: empty, and JSON was expected"),
        ]
    )
    func `what cannot be decoded is named with its place`(body: String, summary: String) async throws {
        #expect(try await TestInvocation.run(EchoOrder.self, body).summary == summary)
    }

    @Test(
        arguments: [[0x1f, 0x8b, 8, 0, 0], [0xff, 0xfe], [0x7b], [0], Array(#"{"id":"#.utf8) + [0xc3, 0x28]]
    )
    func `bytes that are no JSON are undecodable`(bytes: [UInt8]) async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, bytes, contentType: "application/x-gzip")
        #expect(outcome.summary.hasPrefix("undecodable: payload"))
    }

    @Test func `the content type is told when it explains the failure`() async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, "hello", contentType: "text/plain")
        #expect(outcome.summary.contains("text/plain"))
    }

    @Test func `nesting that would exhaust the stack is undecodable`() async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, String(repeating: "[", count: 100_000))
        #expect(outcome.summary.hasPrefix("undecodable"))
    }

    @Test(
        arguments: [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"), ("2026-01-31T12:00:00.25Z", "2026-01-31T12:00:00.250Z"),
            ("2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123Z"),
        ]
    )
    func `dates are ISO 8601 with and without fractions, in and out`(text: String, written: String) async throws {
        let outcome = try await TestInvocation.run(HasDate.self, #"{"at":"\#(text)"}"#)
        #expect(outcome.emitted.first.map { String(decoding: $0.payload, as: UTF8.self) } == #"{"at":"\#(written)"}"#)
    }

    struct Paint: Function {
        enum Colour: String, Codable, Sendable { case red }
        struct Wall: Codable, Sendable {
            let colour: Colour
            let layers: Int8
        }

        func handle(_ event: Event<Wall>, context: FunctionContext) async throws {}
    }

    @Test(
        arguments: [
            (#"{"colour":"my-password","layers":1}"#, "payload.colour"),
            (#"{"colour":"red","layers":4711}"#, "payload"),
        ]
    )
    func `no value of a payload gets into the reason`(body: String, place: String) async throws {
        let summary = try await TestInvocation.run(Paint.self, body).summary
        #expect(summary.hasPrefix("undecodable: \(place): "))
        #expect(!summary.contains("my-password") && !summary.contains("4711"))
    }

    @Test func `a text that is no date is undecodable`() async throws {
        let outcome = try await TestInvocation.run(HasDate.self, #"{"at":"yesterday"}"#)
        #expect(outcome.summary.hasPrefix("undecodable: payload.at: expected an ISO 8601 date"))
    }

    @Test(arguments: [[], [0xff, 0x00], Array("text".utf8)])
    func `a function on bytes takes any body`(bytes: [UInt8]) async throws {
        let typed = try await TestInvocation.run(EchoBytes.self, bytes, contentType: "text/csv")
        #expect(typed.emitted.map { Array($0.payload) } == [bytes])
        #expect(typed.emitted.map { $0.contentType } == ["text/csv"])
        let untyped = try await TestInvocation.run(EchoBytes.self, bytes)
        #expect(untyped.emitted.map { $0.contentType } == ["application/json"])
    }
}
