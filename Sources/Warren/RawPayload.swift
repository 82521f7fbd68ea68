import FoundationEssentials

/// The payload of a function that wants the bytes as they came: `Event<RawPayload>`.
///
/// For an event in CloudEvents structured mode these are the bytes of its `data`, not those of the envelope. Of a
/// message that says in its `content-encoding` that it is compressed these are the bytes before they were compressed,
/// which the content type describes.
public struct RawPayload: Sendable, Hashable {
    /// The message's body, no longer compressed.
    public let bytes: [UInt8]
    /// What the bytes are, as the publisher said; `application/json` when it said nothing.
    public let contentType: String

    /// Makes a payload, for tests mostly.
    public init(bytes: [UInt8], contentType: String = "application/json") {
        self.bytes = bytes
        self.contentType = contentType
    }
}

extension RawPayload: Decodable {
    /// Reads bytes that stand inside a JSON payload as base64 text. A function's own payload does not come this way.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let data = Data(base64Encoded: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected base64 text")
        }
        self.init(bytes: [UInt8](data), contentType: "application/octet-stream")
    }
}
