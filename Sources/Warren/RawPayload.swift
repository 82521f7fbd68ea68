import FoundationEssentials

/// The payload type of a function that handles bytes: `Event<RawPayload>`.
///
/// For an event in CloudEvents structured mode, these are the bytes of its `data`, not those of the envelope. If the
/// message's `content-encoding` says that it is compressed, these are the decompressed bytes, which the content type
/// describes.
public struct RawPayload: Sendable, Hashable {
    /// The bytes, decompressed if necessary.
    public let bytes: [UInt8]
    /// The media type of the bytes, as the publisher gave it; `application/json` if it gave none.
    public let contentType: String

    /// Creates a payload, mainly for tests.
    public init(bytes: [UInt8], contentType: String = "application/json") {
        self.bytes = bytes
        self.contentType = contentType
    }
}

extension RawPayload: Decodable {
    /// Reads bytes that a JSON payload contains as base64 text. A function's own payload is not decoded this way.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let data = Data(base64Encoded: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected base64 text")
        }
        self.init(bytes: [UInt8](data), contentType: "application/octet-stream")
    }
}
