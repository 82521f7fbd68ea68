import Messaging

extension EventRow {
    private static let body = #"{"id":"inner","data":7}"#

    private static func mode(_ contentType: String, isEnvelope: Bool) -> EventRow {
        EventRow(
            "content type '\(contentType)'",
            .envelope(contentType, id: "outer"),
            body: Self.body,
            id: isEnvelope ? "inner" : "outer",
            payload: isEnvelope ? "7" : Self.body
        )
    }

    static let modes: [EventRow] = [
        mode("application/cloudevents+json", isEnvelope: true),
        mode("Application/CloudEvents+JSON", isEnvelope: true),
        mode("application/cloudevents+json; charset=utf-8", isEnvelope: true),
        mode("application/cloudevents+json;charset=utf-8", isEnvelope: true),
        mode("application/cloudevents+json ;a=b", isEnvelope: true),
        mode("application/cloudevents+json\t", isEnvelope: true),
        mode(" \tapplication/cloudevents+json", isEnvelope: true),
        mode(" application/cloudevents+jso", isEnvelope: false),
        mode("application/cloudevents+jsonx", isEnvelope: false),
        mode("application/cloudevents-batch+json", isEnvelope: false),
        mode("application/cloudevents", isEnvelope: false),
        mode("application/json; a=application/cloudevents+json", isEnvelope: false),
        mode("", isEnvelope: false),
        EventRow(
            "a header alone does not say the mode",
            BasicProperties(),
            headers: [("cloudEvents_datacontenttype", .string("application/cloudevents+json"))],
            body: Self.body,
            id: nil,
            seen: [.contentType: "application/json"],
            payload: Self.body
        ),
    ]

    private static let headers: [(String, FieldValue)] = [
        "id", "source", "type", "subject", "correlationid", "causationid",
    ].map { ("cloudEvents_\($0)", .string("header-\($0)")) }

    static let places: [EventRow] = [
        EventRow(
            "properties before headers",
            .full("text/plain"),
            headers: Self.headers + [("traceparent", .string("00-1-2-01")), ("tracestate", .string("a=b"))],
            body: "{}",
            id: "property-id",
            seen: [
                .source: "property-source", .type: "property-type", .subject: "header-subject",
                .correlationID: "property-correlation", .causationID: "header-causationid", .contentType: "text/plain",
                .traceParent: "00-1-2-01", .traceState: "a=b",
            ],
            payload: "{}"
        ),
        EventRow(
            "headers where there are no properties",
            BasicProperties(),
            headers: Self.headers,
            body: "{}",
            id: "header-id",
            seen: [.source: "header-source", .type: "header-type", .correlationID: "header-correlationid"]
        ),
        EventRow(
            "headers where the properties are empty",
            Self.empty,
            headers: Self.headers + [("ce-datacontenttype", .string("text/plain"))],
            body: "{}",
            id: "header-id",
            seen: [.source: "header-source", .type: "header-type", .contentType: "text/plain"]
        ),
        EventRow(
            "the prefixes in their order, whatever the order of the headers",
            BasicProperties(),
            headers: [
                ("ce-id", .string("third")), ("cloudEvents:id", .string("second")),
                ("cloudEvents_id", .string("first")),
                ("cloudEvents:source", .string("first")), ("ce-source", .string("second")),
                ("ce-type", .string("second")), ("cloudEvents:type", .string("")),
                ("cloudEvents_type", .string("first")),
            ],
            body: "{}",
            id: "first",
            seen: [.source: "first", .type: "first"]
        ),
        EventRow(
            "nothing at all",
            BasicProperties(),
            body: "{}",
            id: nil,
            seen: [
                .source: "unknown", .type: "order.placed", .contentType: "application/json",
            ],
            unseen: [.subject, .causationID, .traceParent],
            payload: "{}"
        ),
        EventRow(
            "an envelope before everything else",
            .full("application/cloudevents+json"),
            headers: Self.headers + [("traceparent", .string("00-9-9-01"))],
            body: #"""
                {"specversion":"1.0","id":"i","source":"s","type":"t","subject":"b","time":"2026-01-31T12:00:00Z",
                 "datacontenttype":"application/vnd.shop+json","correlationid":"c","causationid":"u",
                 "traceparent":"00-1-2-01","tracestate":"a=b","version":"2","data":{"a": 1.50}}
                """#,
            id: "i",
            seen: [
                .source: "s", .type: "t", .subject: "b", .contentType: "application/vnd.shop+json", .correlationID: "c",
                .causationID: "u", .traceParent: "00-1-2-01", .traceState: "a=b", .version: "2",
            ],
            payload: #"{"a": 1.50}"#
        ),
        EventRow(
            "what an envelope lacks is beside it, but for the content type",
            .full("application/cloudevents+json"),
            headers: Self.headers,
            body: #"{"data":1}"#,
            id: "property-id",
            seen: [
                .source: "property-source", .type: "property-type", .subject: "header-subject",
                .correlationID: "property-correlation", .contentType: "application/json",
            ],
            payload: "1"
        ),
        EventRow("an envelope with nothing anywhere", body: #"{"data":1}"#, id: nil, seen: [.source: "unknown"]),
        EventRow(
            "the id is the first correlation id",
            body: #"{"id":"i","data":1}"#,
            id: "i",
            seen: [.correlationID: "i"]
        ),
        EventRow(
            "dataversion where there is no version",
            body: #"{"id":"i","version":null,"dataversion":"3","data":1}"#,
            id: "i",
            seen: [.version: "3"]
        ),
        EventRow("names and texts may be escaped", body: #"{"\u0069d":"a\u0062\n\ud83d\ude00","data":1}"#, id: "ab\n😀"),
        EventRow(
            "the first of two with the same name",
            body: #"{"id":"first","id":"second","data":1,"data":2}"#,
            id: "first",
            payload: "1"
        ),
        EventRow(
            "an envelope in the data is data",
            body: #"{"data":{"id":"deep"},"id":"i"}"#,
            id: "i",
            payload: #"{"id":"deep"}"#
        ),
        EventRow(
            "a compressed envelope is known by what is beside it",
            Self.compressed,
            body: Self.deflated,
            id: "outer"
        ),
    ]

    private static var empty: BasicProperties {
        var properties = BasicProperties.envelope("", id: "")
        properties.appID = ""
        properties.type = ""
        return properties
    }

    private static var compressed: BasicProperties {
        var properties = BasicProperties.envelope(id: "outer")
        properties.contentEncoding = "deflate"
        return properties
    }

    /// The envelope with the id "7" and data, in the zlib format, stored (RFC 1950, RFC 1951 section 3.2.4).
    private static let deflated: [UInt8] = {
        let text = Array(#"{"id":"7","data":1}"#.utf8)
        var (low, high) = (UInt32(1), UInt32(0))
        for byte in text {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        let count = UInt8(text.count)
        return [0x78, 0x01, 0x01, count, 0, ~count, 0xff] + text
            + [UInt8(high >> 8), UInt8(high & 0xff), UInt8(low >> 8), UInt8(low & 0xff)]
    }()

    private static func wrong(_ member: String, _ value: String, _ words: String) -> EventRow {
        EventRow(
            "\(member) is \(value)",
            .envelope(id: "outer"),
            body: #"{"\#(member)":\#(value),"data":1}"#,
            id: "outer",
            refused: "envelope.\(member): \(words)"
        )
    }

    private static func missing(_ value: String) -> EventRow {
        let members = ["id", "source", "type", "subject", "correlationid", "causationid", "traceparent", "version"]
        return EventRow(
            "attributes that are \(value)",
            .full("application/cloudevents+json"),
            body: "{" + members.map { "\"\($0)\":\(value)," }.joined() + #""data":1}"#,
            id: "property-id",
            seen: [
                .source: "property-source", .type: "property-type", .correlationID: "property-correlation",
            ],
            unseen: [.subject, .causationID, .traceParent, .version],
            payload: "1"
        )
    }

    static let kinds: [EventRow] =
        [
            missing("null"), missing(#""""#),
            wrong("id", "7", "expected String, found number"),
            wrong("id", "{}", "expected String, found object"),
            wrong("source", "[]", "expected String, found array"),
            wrong("type", "true", "expected String, found boolean"),
            wrong("subject", "1.5", "expected String, found number"),
            wrong("time", "1769860800", "expected String, found number"),
            wrong("datacontenttype", "false", "expected String, found boolean"),
            wrong("correlationid", "7", "expected String, found number"),
            wrong("causationid", "7", "expected String, found number"),
            wrong("version", "{}", "expected String, found object"),
            wrong("id", #""\ud800""#, "its text is not Unicode"),
            wrong("source", #""a\udc00b""#, "its text is not Unicode"),
            EventRow(
                "an id that is not UTF-8",
                .envelope(id: "outer"),
                body: Array(#"{"id":""#.utf8) + [0xff] + Array(#"","data":1}"#.utf8),
                id: "outer",
                refused: "envelope.id: its text is not Unicode"
            ),
            EventRow(
                "a version that is a number",
                body: #"{"id":"i","version":2,"data":1}"#,
                id: "i",
                seen: [.version: "2"]
            ),
            EventRow(
                "a trace that is none is passed over",
                headers: [("traceparent", .string("00-1-2-01"))],
                body: #"{"id":"i","traceparent":7,"tracestate":["a"],"data":1}"#,
                id: "i",
                seen: [.traceParent: "00-1-2-01"],
                unseen: [.traceState],
                payload: "1"
            ),
            EventRow(
                "headers of other types are passed over",
                BasicProperties(),
                headers: [
                    ("cloudEvents_id", .integer(7)), ("cloudEvents_source", .boolean(true)),
                    ("cloudEvents_subject", .void), ("traceparent", .integer(1)), ("ce-id", .string("text")),
                ],
                body: "{}",
                id: "text",
                seen: [.source: "unknown"],
                unseen: [.subject, .traceParent]
            ),
        ]
}
