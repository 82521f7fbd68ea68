/// Reads events: the one place that says what is taken of a message, and what is refused. The host (logs, dead letters,
/// recognition), the worker (`Event`) and webhooks all read by these rules, so they speak of the same event.
///
/// **The mode.** A message whose content-type *property* is `application/cloudevents+json`, in any letter case and with
/// any parameters, is in structured mode: its body is an envelope. Every other message is in binary mode, and its body
/// is the payload; that includes batches and the formats of CloudEvents that are not JSON.
///
/// **Attributes.** Each is looked for in these places, in this order. An empty one counts as missing.
///
/// | attribute          | member of the envelope     | AMQP property  | header        | else                    |
/// |--------------------|----------------------------|----------------|---------------|-------------------------|
/// | id                 | `id`                       | message-id     | `id`          | `generated-` and a hash |
/// | source             | `source`                   | app-id         | `source`      | `unknown`               |
/// | type               | `type`                     | type           | `type`        | the routing key         |
/// | subject            | `subject`                  |                | `subject`     | none                    |
/// | time               | `time`                     | timestamp      | `time`        | when received ³         |
/// | datacontenttype    | `datacontenttype`          | content-type ¹ | `datacontenttype` ¹ | `application/json` |
/// | correlationid      | `correlationid`            | correlation-id | `correlationid` | the id                |
/// | causationid        | `causationid`              |                | `causationid` | none                    |
/// | traceparent        | `traceparent`              |                | `traceparent` ² | none                  |
/// | tracestate         | `tracestate`               |                | `tracestate` ² | none                   |
/// | version            | `version`, `dataversion`   |                | `version`     | none                    |
/// | dataschema, others | their names                |                | their names   | none                    |
///
/// ¹ In binary mode alone: in structured mode they describe the envelope. A header that names the type of an envelope
/// is passed over, because the property alone says the mode. ² Without a prefix. All other headers begin with
/// `cloudEvents_`, else `cloudEvents:`, else `ce-`; the order of the header table means nothing, because a broker may
/// change it. ³ For a function; an endpoint is told none.
///
/// So in structured mode the envelope wins: it is the event, and what stands beside it is a copy for routers (AMQP
/// binding, section 3.2). A retry's copy keeps message-id, and a host that knew less may have written it.
///
/// **Types and sizes of attributes.** `specversion` is not looked at.
///
/// | of an attribute                  | in a header or property     | in an envelope                                    |
/// |----------------------------------|-----------------------------|---------------------------------------------------|
/// | null                             | passed over                 | missing (JSON format, section 2.2)                |
/// | number, boolean                  | passed over ⁴               | `version`: its text; trace: passed over; refused  |
/// | array, object                    | passed over                 | trace: passed over; refused                       |
/// | text that is no Unicode          | U+FFFD                      | trace: passed over; refused                       |
/// | ids, datacontenttype > 255       | passed over                 | refused: no AMQP property holds it                |
/// | traceparent, tracestate > 4096   | passed over                 | passed over                                       |
/// | others > 255 in a header         | passed over                 |                                                   |
/// | others > 4096                    |                             | refused                                           |
/// | a time that is none              | the next place              | the next place; webhooks pass it on as it is      |
/// | a name that occurs twice         | see ²                       | the first one                                     |
/// | dataschema, others               | webhooks alone, see there   | webhooks alone, see there; never refused          |
///
/// ⁴ A `time` of AMQP's own type is taken (AMQP binding, section 2.2).
/// Sizes are in bytes of UTF-8.
///
/// **Data of an envelope** (JSON event format, section 3.1).
///
/// | the envelope has                         | it is taken as                                                          |
/// |------------------------------------------|-------------------------------------------------------------------------|
/// | `data`                                   | the payload, byte for byte as it is written                             |
/// | `data` that is text, of a type not JSON  | that text; a function that decodes its payload is given the JSON string |
/// | `data_base64`                            | its bytes; refused when it is no text, or not base64 (RFC 4648)         |
/// | both                                     | refused; one that is null counts as missing then                        |
/// | `data` that is null, alone               | the payload `null`                                                      |
/// | none                                     | no payload: refused where one is needed (a typed function, a webhook    |
/// |                                          | whose body is the payload), else empty                                  |
///
/// **Refused as a whole**: what is no JSON object, or not JSON to its end (a byte order mark is passed over: RFC 8259,
/// section 8.1), more than 256 members, nesting deeper than `JSONScanner` follows. What is refused is `undecodable`: it
/// becomes a dead letter and is never changed silently. Its id is still that of the envelope where that can be read.
///
/// **A compressed envelope** (content-encoding) is opened by workers alone; a webhook refuses it. The host cannot see
/// into it, so the event has the id, and the source if there is one, that the message has beside the envelope.
///
/// Sources: CloudEvents 1.0.2, section 3.1; its JSON event format, sections 2.2, 2.4 and 3.1; its AMQP binding, section
/// 3.
package enum EventReader {
    /// An attribute that the runtime gives a meaning to.
    package enum Attribute: Sendable, Hashable, CaseIterable {
        case id
        case source
        case type
        case subject
        case time
        case contentType
        case correlationID
        case causationID
        case traceParent
        case traceState
        case version
    }

    /// Why an event cannot be understood, in one line that names the place and nothing of the content.
    package struct Refusal: Error, Sendable, Equatable {
        package let reason: String
    }

    /// What a member of an envelope is worth.
    enum Reading: Equatable {
        case text(String)
        case missing
        case refused(Refusal)
    }

    /// A longer one cannot be written as an AMQP property again.
    static let longestProperty = 255

    /// Trace context is passed on from event to event, so one of any length would travel for ever. The specification
    /// asks for at least 512 characters of `tracestate` (W3C Trace Context, section 3.3.1.5).
    static let longestTraceField = 4096

    /// With longer ones no HTTP server would take the event.
    fileprivate static let longestText = 4096

    /// Attributes are few: an envelope with millions of them would hold up every event of the host.
    static let mostMembers = 256

    /// Reads a member of an envelope.
    ///
    /// - Parameter value: JSON.
    static func read(_ value: ArraySlice<UInt8>, as attribute: Attribute) -> Reading {
        switch self.readStrictly(value, as: attribute) {
        case .refused where attribute.isForTracing: .missing
        case let reading: reading
        }
    }

    private static func readStrictly(_ value: ArraySlice<UInt8>, as attribute: Attribute) -> Reading {
        func refused(_ words: String) -> Reading {
            .refused(Refusal(reason: "envelope.\(attribute.members[0]): \(words)"))
        }
        let kind: String
        switch value.first {
        case UInt8(ascii: "\""):
            // Each byte may be an escape of six.
            let tooLong = "longer than \(attribute.longest) bytes"
            let written = value.dropFirst().dropLast()
            guard written.count <= 6 * attribute.longest else { return refused(tooLong) }
            guard let text = JSONText.valid(written) else { return refused("its text is not Unicode") }
            guard text.utf8.count <= attribute.longest else { return refused(tooLong) }
            return text.isEmpty ? .missing : .text(text)
        case UInt8(ascii: "n"): return .missing
        case UInt8(ascii: "t"), UInt8(ascii: "f"): kind = "boolean"
        case UInt8(ascii: "{"): kind = "object"
        case UInt8(ascii: "["): kind = "array"
        default: kind = "number"
        }
        guard attribute == .version, kind == "boolean" || kind == "number" else {
            return refused("expected String, found \(kind)")
        }
        guard value.count <= attribute.longest else { return refused("longer than \(attribute.longest) bytes") }
        return .text(String(decoding: value, as: UTF8.self))
    }
}

extension EventReader.Attribute {
    /// Names in an envelope; the first one that is there counts.
    var members: [String] {
        switch self {
        case .id: ["id"]
        case .source: ["source"]
        case .type: ["type"]
        case .subject: ["subject"]
        case .time: ["time"]
        case .contentType: ["datacontenttype"]
        case .correlationID: ["correlationid"]
        case .causationID: ["causationid"]
        case .traceParent: ["traceparent"]
        case .traceState: ["tracestate"]
        case .version: ["version", "dataversion"]
        }
    }

    /// In bytes.
    var longest: Int {
        switch self {
        case .id, .correlationID, .causationID, .contentType: EventReader.longestProperty
        case .traceParent, .traceState: EventReader.longestTraceField
        case .source, .type, .subject, .time, .version: EventReader.longestText
        }
    }

    /// A broken trace is no reason to refuse an event (W3C Trace Context, section 3.2.2.5).
    fileprivate var isForTracing: Bool { self == .traceParent || self == .traceState }
}
