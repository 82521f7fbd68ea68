import WorkerProtocol

/// The attributes that an event in CloudEvents structured mode has in its envelope. They win over the message's.
///
/// Source: CloudEvents 1.0.2, JSON event format, section 2.
package struct EnvelopeAttributes: Sendable {
    private var texts: [InvokeFrame.Attribute: String] = [:]

    subscript(attribute: InvokeFrame.Attribute) -> String? { self.texts[attribute] }

    init(_ container: KeyedDecodingContainer<EnvelopeKey>) throws {
        for (attribute, names) in Self.names {
            for name in names where self.texts[attribute] == nil {
                // An attribute travels on in emitted events, where AMQP gives it 255 bytes.
                if let text = try container.decodeIfPresent(String.self, forKey: EnvelopeKey(name)),
                    text.utf8.count <= 255
                {
                    self.texts[attribute] = text
                }
            }
        }
    }

    private static let names: [(InvokeFrame.Attribute, [String])] = [
        (.id, ["id"]), (.type, ["type"]), (.source, ["source"]), (.subject, ["subject"]), (.time, ["time"]),
        (.correlationID, ["correlationid"]), (.causationID, ["causationid"]), (.version, ["version", "dataversion"]),
        (.contentType, ["datacontenttype"]), (.traceParent, ["traceparent"]), (.traceState, ["tracestate"]),
    ]
}

/// A key of an envelope: any text, because the decoder may be set to rewrite keys.
struct EnvelopeKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { self.stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
