import FoundationEssentials
import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

/// Source: CloudEvents JSON event format 1.0.2, section 3.1.
struct StructuredEnvelopeTests {
    private func text(_ event: EventView) -> String { String(decoding: StructuredEnvelope.bytes(event), as: UTF8.self) }

    /// The value of a member, as it is written.
    private func member(_ name: String, _ event: EventView) throws -> String? {
        let bytes = StructuredEnvelope.bytes(event)[...]
        try JSONScanner.check(bytes)
        return try JSONScanner.find([.member(name)], in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test func `an envelope holds all attributes, and JSON as its publisher wrote it`() {
        let event = EventView.test(.full, headers: .full, " {\"b\": 1.50,\n\"a\": 12345678901234567890} ")
        #expect(
            self.text(event) == #"""
                {"specversion":"1.0","id":"e-1","type":"shop.order.placed","source":"/shop","subject":"order 17",\#
                "time":"2026-01-31T12:00:00Z","correlationid":"c-1","causationid":"e-0",\#
                "datacontenttype":"application/json; charset=utf-8","data": {"b": 1.50,
                "a": 12345678901234567890} }
                """#
        )
    }

    @Test func `what an event does not have is not there`() {
        #expect(
            self.text(.test("1")) == #"""
                {"specversion":"1.0","id":"e-1","type":"order.placed","source":"unknown","correlationid":"e-1",\#
                "datacontenttype":"application/json","data":1}
                """#
        )
    }

    @Test(arguments: [
        ("text/plain", Array("{}".utf8)), ("application/octet-stream", [0, 1, 2]),
        ("application/json", Array("{".utf8)),
        ("application/json", Array("{} x".utf8)), ("application/json", [0x22, 0xff, 0x22]),
        ("application/json", [0xef, 0xbb, 0xbf, 0x31]),
        ("application/json", Array(String(repeating: "[", count: 300).utf8)),
    ])
    func `a payload that is not JSON in UTF-8 is base64`(contentType: String, payload: [UInt8]) throws {
        let event = EventView.test(.test(contentType: contentType), body: payload)
        #expect(try self.member("data", event) == nil)
        #expect(try self.member("data_base64", event) == "\"\(Data(payload).base64EncodedString())\"")
        #expect(try self.member("datacontenttype", event) == "\"\(contentType)\"")
    }

    /// Source: CloudEvents JSON event format 1.0.2, section 2.2.
    @Test func `further attributes stand in an envelope with their types`() throws {
        let event = EventView.test(
            .test(contentType: "application/cloudevents+json"),
            #"""
            {"id":"inner","dataschema":"https://example.com/schema","tenant":"a\u0022b","big":4294967296,"small":-7,
            "flag":true,"fraction":1.5,"nothing":null,"table":{},"Under_score":"x","data":{"tenant":"deep"}}
            """#
        )
        let expected = [
            "dataschema": #""https://example.com/schema""#, "tenant": #""a\"b""#, "big": #""4294967296""#,
            "small": "-7",
            "flag": "true", "fraction": #""1.5""#, "nothing": nil, "table": nil, "Under_score": nil,
        ]
        for (name, value) in expected { #expect(try self.member(name, event) == value, "\(name)") }
        #expect(try self.member("data", event) == #"{"tenant":"deep"}"#)
    }

    @Test func `a compressed payload is base64, with an extension that says how`() throws {
        var properties = BasicProperties.test(contentType: "application/json")
        properties.contentEncoding = "GZIP"
        let event = EventView.test(properties, headers: [("ce-contentencoding", "a lie")], "1")
        #expect(try self.member("data", event) == nil)
        #expect(try self.member("data_base64", event) == #""MQ==""#)
        #expect(try self.member("contentencoding", event) == #""gzip""#)
        properties.contentEncoding = "utf-8"
        #expect(try self.member("data", EventView.test(properties, "1")) == "1")
        #expect(try self.member("contentencoding", EventView.test(properties, "1")) == nil)
    }

    @Test func `an envelope without data goes on without`() throws {
        let event = EventView.test(.test(contentType: "application/cloudevents+json"), #"{"id":"inner"}"#)
        #expect(try self.member("id", event) == #""inner""#)
        #expect(try self.member("data", event) == nil)
        #expect(try self.member("data_base64", event) == nil)
    }

    @Test(arguments: ["application/json", "text/plain"])
    func `an empty payload is none`(contentType: String) throws {
        let event = EventView.test(.test(contentType: contentType), "")
        #expect(try self.member("data", event) == nil)
        #expect(try self.member("data_base64", event) == nil)
    }

    @Test(arguments: ["null", "false", "0", #""""#, "[]", "{}"])
    func `JSON of any kind is data`(payload: String) throws {
        #expect(try self.member("data", .test(payload)) == payload)
    }

    /// No attribute can write a member of its own.
    @Test func `attributes are escaped`() throws {
        let evil = #"","data":"evil","x":""# + "\\\n\0é"
        let properties = BasicProperties.test(id: evil)
        let event = EventView.test(properties, headers: [("cloudEvents_subject", evil)], "1")
        #expect(try self.member("data", event) == "1")
        for name in ["id", "subject"] {
            let value = try #require(try self.member(name, event))
            #expect(JSONText.unescaped(Array(value.utf8).dropFirst().dropLast()) == evil)
        }
    }

    @Test(arguments: 1...100)
    func `any event is an envelope that is JSON in UTF-8, and holds its payload`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let properties = BasicProperties.test(
            id: String(decoding: random.bytes(30), as: UTF8.self),
            contentType: Bool.random(using: &random) ? "application/json" : nil
        )
        let payload = random.bytes(1 + seed % 7)
        let event = EventView.test(properties, body: payload)
        let bytes = StructuredEnvelope.bytes(event)
        #expect(String(validating: bytes, as: UTF8.self) != nil)
        if let written = try self.member("data_base64", event) {
            #expect(Data(base64Encoded: String(written.dropFirst().dropLast())) == Data(payload))
        } else {
            #expect(try self.member("data", event) == String(validating: payload, as: UTF8.self))
        }
    }

    @Test(arguments: ["{\"a\":[1]}", "7"])
    func `an envelope that is opened again holds the same event`(payload: String) {
        let event = EventView.test(.full, headers: .full, payload)
        let again = EventView.test(
            .test(id: "outer", contentType: "application/cloudevents+json"),
            body: StructuredEnvelope.bytes(event)
        )
        #expect(again.id == event.id)
        #expect(again.type == event.type)
        #expect(again.source == event.source)
        #expect(again.subject == event.subject)
        #expect(again.time == event.time)
        #expect(again.correlationID == event.correlationID)
        #expect(again.causationID == event.causationID)
        #expect(again.contentType == event.contentType)
        #expect(again.text == payload)
    }
}
