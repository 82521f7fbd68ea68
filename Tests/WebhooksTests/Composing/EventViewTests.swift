import Messaging
import Testing

@testable import Webhooks

struct EventViewTests {
    private static let structured = "application/CloudEvents+JSON; charset=utf-8"

    private func envelope(_ body: String) -> EventView { .test(.test(contentType: Self.structured), body) }

    // MARK: - Binary mode

    @Test func `everything that a message says is seen`() {
        let event = EventView.test(.full, headers: .full, #"{"a":1}"#)
        #expect(event.id == "e-1")
        #expect(event.type == "shop.order.placed")
        #expect(event.source == "/shop")
        #expect(event.subject == "order 17")
        #expect(event.time == "2026-01-31T12:00:00Z")
        #expect(event.correlationID == "c-1")
        #expect(event.causationID == "e-0")
        #expect(event.contentType == "application/json; charset=utf-8")
        #expect(event.key == "order.placed")
        #expect(event.traceParent == "00-1-2-01")
        #expect(event.traceState == "a=b,c=d")
        #expect(event.text == #"{"a":1}"#)
    }

    @Test func `a message that says nothing has what can be known of it`() {
        let event = EventView.test(BasicProperties(), "hello")
        #expect(event.id.hasPrefix("generated-"))
        #expect(event.id == EventView.test(BasicProperties(), "hello").id)
        #expect(event.id != EventView.test(BasicProperties(), "other").id)
        #expect(event.type == "order.placed")
        #expect(event.source == "unknown")
        #expect(event.correlationID == event.id)
        #expect(event.contentType == "application/json")
        let rest = [event.subject, event.time, event.causationID, event.traceParent, event.traceState]
        #expect(rest.allSatisfy { $0 == nil })
        #expect(event.text == "hello")
    }

    @Test func `an empty attribute is one that is not there`() {
        var properties = BasicProperties.test(id: "", contentType: "")
        properties.type = ""
        properties.appID = ""
        properties.correlationID = ""
        let empty = [("cloudEvents_subject", ""), ("cloudEvents_time", ""), ("traceparent", "")]
        let event = EventView.test(properties, headers: empty)
        #expect(event.id.hasPrefix("generated-"))
        #expect(event.type == "order.placed")
        #expect(event.source == "unknown")
        #expect(event.correlationID == event.id)
        #expect(event.contentType == "application/json")
        #expect(event.subject == nil && event.time == nil && event.traceParent == nil)
    }

    @Test func `a message that comes back from a delay keeps the key that it was published with`() {
        let event = EventView.test(BasicProperties(), key: "warren.crm.retry", originalKey: "order.placed", "{}")
        #expect(event.key == "order.placed")
        #expect(event.type == "order.placed")
    }

    @Test func `a time that is written out is taken as it is where there is no timestamp`() {
        let headers = [("cloudEvents_time", "2026-01-31T12:00:00.123+01:00")]
        #expect(EventView.test(headers: headers).time == "2026-01-31T12:00:00.123+01:00")
        #expect(EventView.test(.full, headers: headers).time == "2026-01-31T12:00:00Z")
    }

    /// AMQP counts seconds, and many publishers do not.
    @Test(
        arguments: [
            (1_769_860_800_000, "2026-01-31T12:00:00Z"), (1_769_860_800_250, "2026-01-31T12:00:00.250Z"),
            (1_769_860_800_007, "2026-01-31T12:00:00.007Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)]
    )
    func `a timestamp in milliseconds is read as such`(timestamp: UInt64, time: String) {
        var properties = BasicProperties.test()
        properties.timestamp = timestamp
        #expect(EventView.test(properties).time == time)
    }

    /// RFC 3339 has years of four digits.
    @Test(arguments: [1_769_860_800_000_000, 253_402_300_800_000, UInt64(Int64.max)])
    func `a time that RFC 3339 cannot write is left out`(timestamp: UInt64) {
        var properties = BasicProperties.test()
        properties.timestamp = timestamp
        #expect(EventView.test(properties).time == nil)
    }

    @Test func `the last timestamp that is taken for seconds is written`() {
        var properties = BasicProperties.test()
        properties.timestamp = 99_999_999_999
        #expect(EventView.test(properties).time == "5138-11-16T09:46:39Z")
    }

    @Test(arguments: [
        ("application/json", true), ("Application/JSON;charset=utf-8", true), ("application/json ; x", true),
        ("text/json", true),
        ("application/vnd.shop+json", true), ("application/problem+JSON; a=b", true), ("text/plain", false),
        ("application/jsonp", false), ("application/x-json", false), ("application/octet-stream", false),
        ("json", false),
        ("text/plain; a=application/json", false),
    ])
    func `a content type says whether it is JSON`(type: String, isJSON: Bool) {
        #expect(EventView.test(.test(contentType: type)).claimsJSON == isJSON)
    }

    // MARK: - Structured mode

    @Test func `an envelope's attributes win, and its data is the payload, byte for byte`() {
        let event = self.envelope(
            #"""
            {"specversion":"1.0","id":"inner","type":"T","source":"S","subject":"\u0073ub",
             "time":"2026-01-01T00:00:00Z",
             "correlationid":"C","causationid":"D","traceparent":"00-1-2-01","tracestate":"a=b",
             "datacontenttype":"application/vnd.shop+json","data": {"b": 1.50, "a": [ ]} }
            """#
        )
        #expect(event.id == "inner")
        #expect(event.type == "T")
        #expect(event.source == "S")
        #expect(event.subject == "sub")
        #expect(event.time == "2026-01-01T00:00:00Z")
        #expect(event.correlationID == "C")
        #expect(event.causationID == "D")
        #expect(event.traceParent == "00-1-2-01")
        #expect(event.traceState == "a=b")
        #expect(event.contentType == "application/vnd.shop+json")
        #expect(event.text == #"{"b": 1.50, "a": [ ]}"#)
    }

    @Test func `what the envelope lacks, or has without a value, is the message's`() {
        let body = #"{"id":null,"type":null,"source":"","subject":"","data":1}"#
        var properties = BasicProperties.full
        properties.contentType = Self.structured
        let event = EventView.test(properties, headers: .full, body)
        #expect(event.id == "e-1")
        #expect(event.type == "shop.order.placed")
        #expect(event.source == "/shop")
        #expect(event.subject == "order 17")
        #expect(event.time == "2026-01-31T12:00:00Z")
        #expect(event.contentType == "application/json")
        #expect(event.text == "1")
    }

    /// A function on bytes gets the same ones.
    @Test(arguments: [
        (#"{"data":[1,-2.5,null,true,"x"]}"#, #"[1,-2.5,null,true,"x"]"#, "application/json"),
        (#"{"data":18446744073709551615}"#, "18446744073709551615", "application/json"),
        (#"{"data":"x"}"#, #""x""#, "application/json"),
        (#"{"data":null}"#, "null", "application/json"),
        (#"{"datacontenttype":"image/png","data_base64":"eHl6"}"#, "xyz", "image/png"),
        (#"{"data_base64":"eyJhIjoxfQ=="}"#, #"{"a":1}"#, "application/json"),
        (#"{"data_base64":"","data":null}"#, "", "application/json"),
        (#"{"data_base64":null,"data":1}"#, "1", "application/json"),
    ])
    func `the payload is the envelope's data`(body: String, payload: String, contentType: String) {
        let event = self.envelope(body)
        #expect(event.flaw == nil)
        #expect(event.text == payload)
        #expect(event.contentType == contentType)
    }

    @Test(arguments: [
        #"{"data_base64":"no base64"}"#, #"{"data_base64":"eyJ"}"#, #"{"data_base64":7}"#, #"{"data_base64":{}}"#,
    ])
    func `data that claims to be base64 and is not is no payload`(body: String) {
        let event = self.envelope(body)
        #expect(event.flaw == .invalid(reason: "envelope.data_base64: expected base64"))
        #expect(event.payload.isEmpty)
    }

    @Test(arguments: [#"{"id":"1"}"#, "{}"])
    func `an envelope without data says so`(body: String) {
        #expect(self.envelope(body).flaw == .missing)
    }

    @Test func `a compressed envelope cannot be opened`() {
        var properties = BasicProperties.test(contentType: Self.structured)
        properties.contentEncoding = "gzip"
        guard case .invalid(let reason)? = EventView.test(properties, "{}").flaw else {
            Issue.record("it was taken")
            return
        }
        #expect(reason.contains("gzip"))
        properties.contentEncoding = "utf-8"
        #expect(EventView.test(properties, #"{"data":1}"#).flaw == nil)
    }

    /// Source: CloudEvents JSON event format 1.0.2, section 3.1: a string that is not JSON itself is its text.
    @Test(arguments: [("x", "x"), (#"a\n\"b\""#, "a\n\"b\""), (#"\u00e9"#, "é"), ("", "")])
    func `data that is text is its text`(written: String, payload: String) {
        let event = self.envelope(#"{"datacontenttype":"text/plain","data":"\#(written)"}"#)
        #expect(event.text == payload)
        #expect(event.contentType == "text/plain")
    }

    @Test(arguments: ["", "no JSON", #"{"id":"inner","data":1"#, "[1,2]", #""text""#, "42", "null"])
    func `what is no envelope and says that it is one is not delivered`(body: String) {
        let event = self.envelope(body)
        guard case .invalid(let reason)? = event.flaw else {
            Issue.record("it was taken")
            return
        }
        #expect(reason.hasPrefix("envelope: "))
        #expect(event.payload.isEmpty)
    }

    @Test func `an envelope inside the data is data`() {
        #expect(self.envelope(#"{"data":{"id":"deep","data":1},"id":"inner"}"#).text == #"{"id":"deep","data":1}"#)
    }
}
