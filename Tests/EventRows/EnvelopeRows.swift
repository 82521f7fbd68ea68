import Messaging

extension EventRow {
    private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    private static func fits(_ member: String, _ attribute: EventReader.Attribute, _ count: Int) -> EventRow {
        EventRow(
            "\(member) of \(count) bytes",
            body: #"{"\#(member)":"\#(Self.text(count))","data":1}"#,
            id: attribute == .id ? Self.text(count) : nil,
            seen: [attribute: Self.text(count)]
        )
    }

    private static func tooLong(_ member: String, _ count: Int) -> EventRow {
        EventRow(
            "\(member) of \(count) bytes",
            .envelope(id: "outer"),
            body: #"{"\#(member)":"\#(Self.text(count))","data":1}"#,
            id: "outer",
            refused: "envelope.\(member): longer than \(count - 1) bytes"
        )
    }

    static let sizes: [EventRow] = [
        fits("id", .id, 255), tooLong("id", 256),
        fits("correlationid", .correlationID, 255), tooLong("correlationid", 256),
        fits("causationid", .causationID, 255), tooLong("causationid", 256),
        fits("source", .source, 4096), tooLong("source", 4097), fits("type", .type, 4096), tooLong("type", 4097),
        fits("subject", .subject, 4096), tooLong("subject", 4097),
        fits("datacontenttype", .contentType, 255), tooLong("datacontenttype", 256),
        fits("tracestate", .traceState, 4096),
        EventRow(
            "a trace of 4097 bytes is passed over",
            body: #"{"id":"i","tracestate":"\#(text(4097))","data":1}"#,
            id: "i",
            unseen: [.traceState],
            payload: "1"
        ),
        EventRow(
            "an id of 255 bytes that is all escapes",
            body: #"{"id":"\#(String(repeating: #"\u0078"#, count: 255))","data":1}"#,
            id: text(255)
        ),
        EventRow(
            "headers of 256 bytes are passed over",
            BasicProperties(),
            headers: [("cloudEvents_id", .string(text(256))), ("cloudEvents_source", .string(text(255)))],
            body: "{}",
            id: nil,
            seen: [.source: text(255)]
        ),
    ]

    private static func data(
        _ members: String,
        _ payload: String,
        as contentType: String = "application/json"
    ) -> EventRow {
        EventRow(
            members,
            body: "{\"id\":\"i\",\(members)}",
            id: "i",
            seen: [.contentType: contentType],
            payload: payload
        )
    }

    private static func refused(_ members: String, _ reason: String) -> EventRow {
        EventRow(members, body: "{\"id\":\"i\",\(members)}", id: "i", refused: reason)
    }

    private static let noBase64 = "envelope.data_base64: expected base64"
    private static let both = "envelope: it has both data and data_base64"

    static let data: [EventRow] = [
        data(
            #""data": {"b": 1.50, "a": [ ], "a":18446744073709551616} "#,
            #"{"b": 1.50, "a": [ ], "a":18446744073709551616}"#
        ),
        data(#""data":"x""#, #""x""#),
        data(#""data":null"#, "null"),
        data(#""data":"x","datacontenttype":"TEXT/JSON; a=b""#, #""x""#, as: "TEXT/JSON; a=b"),
        data(#""data":"a\u00e9","datacontenttype":"text/plain; a=json""#, "aé", as: "text/plain; a=json"),
        data(#""data":"","datacontenttype":"text/plain""#, "", as: "text/plain"),
        data(#""data":{"a":1},"datacontenttype":"text/xml""#, #"{"a":1}"#, as: "text/xml"),
        data(#""data_base64":"eHl6","datacontenttype":"image/png""#, "xyz", as: "image/png"),
        data(#""data_base64":"eyJhIjoxfQ==""#, #"{"a":1}"#),
        data(#""data_base64":"e\u0048l6""#, "xyz"),
        data(#""data_base64":"""#, ""),
        data(#""data_base64":"eHl6","data":null"#, "xyz"),
        data(#""data_base64":null,"data":1"#, "1"),
        refused(#""data_base64":"eHl6","data":1"#, both),
        refused(#""data_base64":"no base64","data":1"#, both),
        refused(#""data_base64":"no base64""#, noBase64),
        refused(#""data_base64":"eHl""#, noBase64),
        refused(#""data_base64":7"#, noBase64),
        refused(#""data_base64":{}"#, noBase64),
        refused(#""data":"\ud800","datacontenttype":"text/plain""#, "envelope.data: its text is not Unicode"),
    ]

    private static func broken(_ title: String, _ body: String, id: String? = "outer", _ reason: String) -> EventRow {
        EventRow(title, .envelope(id: "outer"), body: body, id: id, refused: reason)
    }

    private static func members(_ count: Int) -> String {
        #"{"id":"i","data":1"# + (2..<count).map { ",\"a\($0)\":1" }.joined() + "}"
    }

    private static let noObject = "envelope: it is not a JSON object"
    private static let noJSON = "envelope: it is not JSON after byte "

    static let wholes: [EventRow] = [
        broken("an empty body", "", "envelope: empty"),
        broken("no JSON", "no JSON", noObject),
        broken("an array", "[1,2]", noObject),
        broken("a number", "42", noObject),
        broken("null", "null", noObject),
        broken("cut off behind the id", #"{"id":"i","data":"#, id: "i", noJSON + "17"),
        broken("cut off before the id", #"{"data":{"a":1,"#, noJSON + "15"),
        broken("more behind it", #"{"id":"i","data":1} x"#, id: "i", noJSON + "20"),
        broken(
            "nested too deep",
            #"{"id":"i","data":"# + String(repeating: "[", count: 300) + String(repeating: "]", count: 300) + "}",
            id: "i",
            "envelope: it is nested deeper than 256 levels after byte 272"
        ),
        EventRow("256 members", body: members(256), id: "i", payload: "1"),
        broken("257 members", members(257), id: "i", "envelope: it has more than 256 members"),
        broken(
            "an id behind 256 members",
            "{" + (0..<256).map { "\"a\($0)\":1," }.joined() + #""id":"i"}"#,
            "envelope: it has more than 256 members"
        ),
        EventRow("a byte order mark", body: "\u{FEFF}{\"id\":\"i\",\"data\":1}", id: "i", payload: "1"),
        EventRow("space around it", body: " \r\n\t{ \"id\" : \"i\" , \"data\" : 1 } \n", id: "i", payload: "1"),
        EventRow(
            "members of no attribute may be anything",
            body: #"{"specversion":1,"id":"i","data":1,"a":{},"B":[],"c":null,"d_e":true,"f":"\#(text(9000))"}"#,
            id: "i",
            payload: "1"
        ),
    ]
}
