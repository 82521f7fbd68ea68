/// The positions of id and source in the envelope of an event in structured mode. The host reads nothing else of an
/// envelope.
///
/// They are located once, when the delivery arrives, and the scan ends as soon as both are found: in most envelopes the
/// data comes after them.
struct EnvelopeIdentity: Sendable, Hashable {
    /// The JSON text between the quotes.
    private(set) var id = ByteRange.absent
    private(set) var source = ByteRange.absent

    /// The most bytes in which a name can be written that is looked for: each letter of `source` as an escape. Reading
    /// a name of megabytes would hold up all events of the host.
    private static let longestName = 6 * "source".utf8.count

    /// The identity of a message in binary mode.
    init() {}

    /// - Parameter body: bytes that begin with an envelope. It may be malformed: an ID in front of the error still
    ///   counts.
    init(body: Range<Int>, of bytes: [UInt8]) {
        var seen = 0
        var (hasID, hasSource) = (false, false)
        // Nothing can be found behind an error, but what was found before it stays.
        try? JSONScanner.visitMembers(of: bytes[body]) { written, value in
            let name = written.count <= Self.longestName ? JSONText.unescaped(written) : ""
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

    /// The text at a position of an identity, which was checked when it was found.
    static func text(_ place: ByteRange, in bytes: [UInt8]) -> String? {
        place.isPresent ? JSONText.unescaped(bytes[place.lowerBound..<place.upperBound]) : nil
    }
}
