import FoundationEssentials
import Messaging

/// The attributes of an event that the runtime gives no meaning to: `dataschema`, and extensions. They go on to the
/// endpoint as their publisher wrote them.
///
/// Source: CloudEvents 1.0.2, sections 3.1 (names, types) and 3.3 (extensions).
package struct FurtherAttributes: Sendable {
    /// A value, of the types that a header and JSON can tell apart.
    package enum Value: Sendable, Equatable {
        case text(String)
        case boolean(Bool)
        case integer(Int64)

        /// As a header has it.
        var text: String {
            switch self {
            case .text(let text): text
            case .boolean(let value): value ? "true" : "false"
            case .integer(let value): "\(value)"
            }
        }
    }

    private var values: [String: Value] = [:]
    private var size = 0

    /// Longer ones stay behind: with a few of them no server would take the request.
    private static let longestValue = 4096
    /// Nor so many, nor so much of them together; what is beyond stays behind.
    private static let most = 64
    private static let largest = 16_384
    /// As long as the longest value can be when each of its bytes is an escape, in quotes.
    private static let longestJSON = 6 * longestValue + 2
    /// What an event's other parts say.
    private static let others: Set<String> = [
        "specversion", "id", "type", "source", "subject", "time", "datacontenttype", "correlationid", "causationid",
        "data",
    ]

    package init() {}

    /// By their names, so that the same event is always written alike.
    package var sorted: [(name: String, value: Value)] {
        self.values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private mutating func add(_ name: String, _ value: Value) {
        guard let key = Self.key(name) else { return }
        let text = value.text
        guard !text.isEmpty, text.utf8.count <= Self.longestValue else { return }
        let size = self.size + key.utf8.count + text.utf8.count
        guard self.values[key] != nil || self.values.count < Self.most, size <= Self.largest else { return }
        self.values[key] = value
        self.size = size
    }

    /// The attribute's name; nil when it is none of these. Letters and digits are all that a name may have, and
    /// capitals do not matter: AMQP's names are written by hand, too.
    private static func key(_ name: String) -> String? {
        let name = name.lowercased()
        let isName = !name.isEmpty && name.utf8.allSatisfy(\.isLowercaseLetterOrDigit)
        return isName && !self.others.contains(name) ? name : nil
    }

    // MARK: - Of a message

    /// Reads the headers that are named as attributes are: see `EventAttributes`.
    ///
    /// A broker may deliver the headers in another order the next time, so of several for one attribute their names
    /// decide.
    mutating func read(_ headers: ByteRange, in bytes: [UInt8]) {
        guard headers.isPresent else { return }
        var found: [(header: String, name: String, value: Value)] = []
        var scan = FieldScan(bytes, headers)
        while let field = scan.next() {
            guard let prefix = EventAttributes.prefix(of: field.name, in: bytes),
                let value = Self.value(field, in: bytes),
                let header = bytes.text(field.name)
            else { continue }
            found.append((header, String(decoding: Array(header.utf8).dropFirst(prefix), as: UTF8.self), value))
        }
        // The one of the AMQP binding, `cloudEvents_`, is behind the others and wins.
        for attribute in found.sorted(by: { $0.header < $1.header }) { self.add(attribute.name, attribute.value) }
    }

    /// Tables, arrays and fractions are no types of CloudEvents; a fraction goes on as its text.
    private static func value(_ field: FieldScan.Field, in bytes: [UInt8]) -> Value? {
        switch field.read(in: bytes) {
        case .string(let text): .text(text)
        case .boolean(let value): .boolean(value)
        case .integer(let value): .integer(value)
        case .double(let value): .text("\(value)")
        case .bytes(let bytes): .text(Data(bytes).base64EncodedString())
        case .timestamp(let value):
            AMQPTimestamp(value).map { .text(CivilDate.text(milliseconds: $0.milliseconds)) }
        case .array, .table, .void, nil: nil
        }
    }

    // MARK: - Of an envelope

    /// Reads a member of an envelope. Those of the envelope win over the message's.
    ///
    /// - Parameter value: JSON.
    mutating func read(member name: String, _ value: ArraySlice<UInt8>) {
        // Above all the payload is not copied.
        guard Self.key(name) != nil, value.count <= Self.longestJSON else { return }
        let text = String(decoding: value, as: UTF8.self)
        switch value.first {
        case UInt8(ascii: "\""):
            // What is no Unicode stays behind.
            if let text = JSONText.valid(value.dropFirst().dropLast()) { self.add(name, .text(text)) }
        case UInt8(ascii: "t"): self.add(name, .boolean(true))
        case UInt8(ascii: "f"): self.add(name, .boolean(false))
        case UInt8(ascii: "n"), UInt8(ascii: "{"), UInt8(ascii: "["): break
        default: self.add(name, Int64(text).map(Value.integer) ?? .text(text))
        }
    }
}

extension UInt8 {
    fileprivate var isLowercaseLetterOrDigit: Bool {
        self.isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }
}
