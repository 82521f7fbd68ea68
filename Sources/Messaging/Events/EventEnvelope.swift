import FoundationEssentials

/// The content of an event in CloudEvents structured mode. `EventReader` says what is accepted and what is refused.
package struct EventEnvelope: Sendable {
    /// The payload as the envelope contains it.
    package enum Content: Sendable, Equatable {
        /// `data`: the JSON as it is written.
        case value(ArraySlice<UInt8>)
        /// `data_base64`.
        case bytes([UInt8])
        case none
    }

    package let attributes: EnvelopeAttributes
    package let content: Content
    /// All members except the data, in their order and with their JSON. Of members with the same name only the first
    /// one.
    package let members: [(name: String, value: ArraySlice<UInt8>)]

    /// - Parameter bytes: the body of a message, decompressed.
    package init(_ bytes: ArraySlice<UInt8>) throws(EventReader.Refusal) {
        var found: [String: ArraySlice<UInt8>] = [:]
        var members: [(name: String, value: ArraySlice<UInt8>)] = []
        var count = 0
        for (name, value) in try Self.scan(bytes, count: &count) where found[name] == nil {
            found[name] = bytes[value]
            if name != "data", name != "data_base64" { members.append((name, bytes[value])) }
        }
        guard count <= EventReader.mostMembers else {
            throw EventReader.Refusal(reason: "envelope: it has more than \(EventReader.mostMembers) members")
        }
        self.attributes = try EnvelopeAttributes(found)
        self.content = try Self.content(data: found["data"], base64: found["data_base64"])
        self.members = members
    }

    private static func scan(
        _ bytes: ArraySlice<UInt8>,
        count: inout Int
    ) throws(EventReader.Refusal) -> [(name: String, value: Range<Int>)] {
        guard !bytes.isEmpty else { throw EventReader.Refusal(reason: "envelope: empty, and JSON was expected") }
        var all: [(name: String, value: Range<Int>)] = []
        do throws(JSONScanner.Malformed) {
            try JSONScanner.visitMembers(of: bytes) { name, value in
                all.append((JSONText.unescaped(name), value))
                return all.count <= EventReader.mostMembers
            }
        } catch {
            throw EventReader.Refusal(reason: "envelope: it is \(error)")
        }
        count = all.count
        return all
    }

    private static func content(
        data: ArraySlice<UInt8>?,
        base64: ArraySlice<UInt8>?
    ) throws(EventReader.Refusal) -> Content {
        func isNull(_ value: ArraySlice<UInt8>) -> Bool { value.first == UInt8(ascii: "n") }
        guard let base64, !isNull(base64) else { return data.map(Content.value) ?? .none }
        if let data, !isNull(data) {
            throw EventReader.Refusal(reason: "envelope: it has both data and data_base64, and only one is allowed")
        }
        let text = base64.first == UInt8(ascii: "\"") ? JSONText.valid(base64.dropFirst().dropLast()) : nil
        guard let bytes = text.flatMap({ Data(base64Encoded: $0) }) else {
            throw EventReader.Refusal(reason: "envelope.data_base64: expected base64")
        }
        return .bytes([UInt8](bytes))
    }

    /// The reason to refuse an event without a payload where one is needed.
    package static let noPayload = "envelope: neither data nor data_base64 is there"

    /// The payload's content type; JSON when the envelope does not name one (JSON event format, section 3.1).
    package var contentType: String { self.attributes[.contentType] ?? "application/json" }

    /// The payload as bytes of its content type; `nil` when there is none.
    package func payload() throws(EventReader.Refusal) -> ArraySlice<UInt8>? {
        switch self.content {
        case .none: return nil
        case .bytes(let bytes): return bytes[...]
        case .value(let value):
            guard value.first == UInt8(ascii: "\""), !MediaType(self.contentType).isJSON else { return value }
            guard let text = JSONText.valid(value.dropFirst().dropLast()) else {
                throw EventReader.Refusal(reason: "envelope.data: its text is not Unicode")
            }
            return Array(text.utf8)[...]
        }
    }
}

/// The attributes found in an envelope.
package struct EnvelopeAttributes: Sendable {
    private var texts: [EventReader.Attribute: String] = [:]

    package subscript(attribute: EventReader.Attribute) -> String? { self.texts[attribute] }

    fileprivate init(_ members: [String: ArraySlice<UInt8>]) throws(EventReader.Refusal) {
        for attribute in EventReader.Attribute.allCases {
            for name in attribute.members where self.texts[attribute] == nil {
                guard let value = members[name] else { continue }
                switch EventReader.read(value, as: attribute) {
                case .text(let text): self.texts[attribute] = text
                case .missing: continue
                case .refused(let refusal): throw refusal
                }
            }
        }
    }
}
