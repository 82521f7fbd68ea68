/// The rules for reading events: the only place that decides what is taken from a message, and what is refused. The
/// host (logs, dead letters, redelivery tracking), the worker (`Event`) and webhooks all read by these rules, so they
/// mean the same event.
///
/// **The mode.** A message whose content-type *property* is `application/cloudevents+json`, in any letter case and with
/// any parameters, is in structured mode: its body is an envelope. Every other message is in binary mode, and its body
/// is the payload. That includes batches (`application/cloudevents-batch+json`, which the AMQP binding does not know),
/// and CloudEvents formats other than JSON.
///
/// **Attributes.** Each is looked up in these places, in this order. An empty value counts as missing.
///
/// | attribute          | member of the envelope   | AMQP property  | header              | else                    |
/// |--------------------|--------------------------|----------------|---------------------|-------------------------|
/// | id                 | `id`                     | message-id     | `id`                | `generated-` and a hash |
/// | source             | `source`                 | app-id         | `source`            | `unknown`               |
/// | type               | `type`                   | type           | `type`              | the routing key         |
/// | subject            | `subject`                |                | `subject`           | none                    |
/// | time               | `time`                   | timestamp      | `time`              | when received ³         |
/// | datacontenttype    | `datacontenttype`        | content-type ¹ | `datacontenttype` ¹ | `application/json`      |
/// | correlationid      | `correlationid`          | correlation-id | `correlationid`     | the id                  |
/// | causationid        | `causationid`            |                | `causationid`       | none                    |
/// | traceparent        | `traceparent`            |                | `traceparent` ²     | none                    |
/// | tracestate         | `tracestate`             |                | `tracestate` ²      | none                    |
/// | version            | `version`, `dataversion` |                | `version`           | none                    |
/// | dataschema, others | their names              |                | their names         | none                    |
///
/// ¹ In binary mode only: in structured mode they describe the envelope. A header that names the type of an envelope is
/// ignored, because the property alone decides the mode.
/// ² Without a prefix. All other headers begin with `cloudEvents_`, else `cloudEvents:`, else `ce-`; the order of the
/// header table means nothing, because a broker may change it.
/// ³ For a function; a webhook's endpoint gets none.
///
/// So in structured mode the envelope wins: it is the event, and the properties and headers beside it are copies for
/// routers (AMQP binding, section 3.2). A retry's copy keeps its message-id, which may have been written by a host that
/// could not read the envelope.
///
/// **Types and sizes of attributes.** `specversion` is not checked.
///
/// | of an attribute                | in a header or property  | in an envelope                                    |
/// |--------------------------------|--------------------------|---------------------------------------------------|
/// | null                           | ignored                  | missing (JSON format, section 2.2)                |
/// | number, boolean                | ignored ⁴                | `version`: its text; trace: ignored; else refused |
/// | array, object                  | ignored                  | trace: ignored; else refused                      |
/// | text that is not Unicode       | U+FFFD                   | trace: ignored; else refused                      |
/// | ids, datacontenttype > 255     | ignored                  | refused: no AMQP property can hold it             |
/// | traceparent, tracestate > 4096 | ignored                  | ignored                                           |
/// | others > 255 in a header       | ignored                  |                                                   |
/// | others > 4096                  |                          | refused                                           |
/// | a time that is not one         | the next place           | the next place; webhooks pass it on as it is      |
/// | a name that occurs twice       | see ²                    | the first one                                     |
/// | dataschema, others             | webhooks only, see there | webhooks only, see there; never refused           |
///
/// ⁴ A `time` of AMQP's own type for times is accepted (AMQP binding, section 2.2): before a text, and of several the
/// first one.
/// Sizes are in bytes of UTF-8.
///
/// **Data of an envelope** (JSON event format, section 3.1).
///
/// | the envelope has                        | it is taken as                                                       |
/// |-----------------------------------------|----------------------------------------------------------------------|
/// | `data`                                  | the payload, byte for byte as it is written                          |
/// | `data` that is text, of a type not JSON | that text; a function that decodes its payload gets the JSON string  |
/// | `data_base64`                           | its bytes; refused when it is not text, or not base64 (RFC 4648)     |
/// | both                                    | refused, unless one of them is null, which then counts as missing    |
/// | `data` that is null, alone              | the payload `null`                                                   |
/// | none                                    | no payload: refused where one is needed (a typed function, a webhook |
/// |                                         | whose body is the payload), else empty                               |
///
/// **Refused as a whole**: a body that is not a JSON object, or not JSON up to its end (a byte order mark in front is
/// ignored: RFC 8259, section 8.1), that has more than 256 members, or that nests deeper than `JSONScanner` follows. A
/// refused event is `undecodable`: it becomes a dead letter and is never changed silently. Its ID is still the
/// envelope's where that can be read.
///
/// **A compressed envelope** (content-encoding) is opened by workers only; a webhook refuses it. The host cannot look
/// into it, so for the host the event has the ID, and the source if there is one, that the message has beside the
/// envelope.
///
/// Sources: CloudEvents 1.0.2, section 3.1; its JSON event format, sections 2.2, 2.4 and 3.1; its AMQP binding,
/// section 3.
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

    /// Why an event cannot be read, in one line that names the place and repeats nothing of the content.
    package struct Refusal: Error, Sendable, Equatable {
        package let reason: String
    }

    /// The result of reading a member of an envelope.
    enum Reading: Equatable {
        case text(String)
        case missing
        case refused(Refusal)
    }

    /// In bytes. A longer value could not be written as an AMQP property again.
    static let longestProperty = 255

    /// In bytes. Trace context is passed on from event to event, so a long one would travel on forever. The
    /// specification asks for at least 512 characters of `tracestate` (W3C Trace Context, section 3.3.1.5).
    static let longestTraceField = 4096

    /// In bytes. With longer values no HTTP server would accept the event.
    fileprivate static let longestText = 4096

    /// Events have few attributes: an envelope with millions of members would hold up every event of the host.
    static let mostMembers = 256

    /// Reads a member of an envelope.
    ///
    /// - Parameter value: the member's JSON.
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
            // Each byte of text may be written as an escape of six.
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
    /// Names of the attribute in an envelope; the first one that is present counts.
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

    /// The longest allowed value, in bytes.
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
