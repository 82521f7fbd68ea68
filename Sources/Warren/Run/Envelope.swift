import FoundationEssentials

/// An event in CloudEvents structured mode: `data` is decoded in the same pass as the attributes around it.
///
/// Source: CloudEvents 1.0.2, JSON event format, section 3.1.
struct Envelope<Content: Decodable>: Decodable {
    /// Where the payload stands in the envelope.
    enum Data {
        case value(Content)
        case base64([UInt8])
        case none
    }

    let attributes: EnvelopeAttributes
    let data: Data

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: EnvelopeKey.self)
        self.attributes = try EnvelopeAttributes(container)
        // A decoder that turns snake case into camel case calls `data_base64` the second name.
        for key in [EnvelopeKey("data_base64"), EnvelopeKey("dataBase64")] where container.contains(key) {
            guard let bytes = FoundationEssentials.Data(base64Encoded: try container.decode(String.self, forKey: key))
            else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "expected base64")
            }
            self.data = .base64([UInt8](bytes))
            return
        }
        let key = EnvelopeKey("data")
        self.data = container.contains(key) ? .value(try container.decode(Content.self, forKey: key)) : .none
    }
}

/// Any JSON value, kept so that it can be written again: `data` of an event whose function wants bytes.
enum JSONValue: Codable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case double(Double)
    case text(String)
    case list([JSONValue])
    case table([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .unsigned(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .table(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .table(let values): try container.encode(values)
        }
    }
}
