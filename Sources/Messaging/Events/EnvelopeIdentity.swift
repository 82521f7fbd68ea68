/// Where the envelope of an event in structured mode says who the event is. The host knows no more of an envelope.
///
/// It is looked for once, when the delivery comes in, and not behind what is looked for: most envelopes have their data
/// behind it.
struct EnvelopeIdentity: Sendable, Hashable {
    /// The JSON between the quotes.
    private(set) var id = ByteRange.absent
    private(set) var source = ByteRange.absent

    /// That of a message in binary mode.
    init() {}

    /// - Parameter body: begins with an envelope, whole or broken; an id that stands in front of the break counts.
    init(body: Range<Int>, of bytes: [UInt8]) {
        var seen = 0
        var (hasID, hasSource) = (false, false)
        // Behind a break there is nothing to be found, and what has been found stands.
        try? JSONScanner.visitMembers(of: bytes[body]) { name, value in
            if name == "id", !hasID {
                hasID = true
                self.id = Self.place(of: value, as: .id, in: bytes)
            } else if name == "source", !hasSource {
                hasSource = true
                self.source = Self.place(of: value, as: .source, in: bytes)
            }
            seen += 1
            return seen < EventReader.mostMembers && !(hasID && hasSource)
        }
    }

    private static func place(of value: Range<Int>, as attribute: EventReader.Attribute, in bytes: [UInt8]) -> ByteRange
    {
        guard case .text = EventReader.read(bytes[value], as: attribute) else { return .absent }
        return ByteRange(start: value.lowerBound + 1, count: value.count - 2)
    }

    /// The text at a place of an identity. It has been found right.
    static func text(_ place: ByteRange, in bytes: [UInt8]) -> String? {
        place.isPresent ? JSONText.unescaped(bytes[place.lowerBound..<place.upperBound]) : nil
    }
}
