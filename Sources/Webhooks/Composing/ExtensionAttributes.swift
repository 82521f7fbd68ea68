import FoundationEssentials
import Messaging

/// The attributes of an event that the runtime does not interpret: `dataschema` and extensions. They are passed on to
/// the endpoint as the publisher wrote them.
///
/// Source: CloudEvents 1.0.2, sections 3.1 (names, types) and 3.3 (extensions).
package struct ExtensionAttributes: Sendable {
    /// A value, of one of the types that both headers and JSON can express.
    package enum Value: Sendable, Equatable {
        case text(String)
        case boolean(Bool)
        case integer(Int64)

        /// The value as a header shows it.
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

    /// A longer value is left out: a few of them would make a request that no server accepts.
    private static let longestValue = 4096
    /// The maximum number and total size of attributes; what exceeds them is left out.
    private static let most = 64
    private static let largest = 16_384
    /// The JSON size of the longest value if each of its bytes is escaped, with its quotes.
    private static let longestJSON = 6 * longestValue + 2
    /// Names that other properties of the event cover.
    private static let others: Set<String> = [
        "specversion", "id", "type", "source", "subject", "time", "datacontenttype", "correlationid", "causationid",
        "data",
    ]

    package init() {}

    /// Sorted by name, so that the same event is always written in the same way.
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

    /// The attribute's name in lowercase; `nil` if it is not a further attribute. Only letters and digits are allowed,
    /// and case is ignored, because people also write AMQP header names by hand.
    private static func key(_ name: String) -> String? {
        let name = name.lowercased()
        let isName = !name.isEmpty && name.utf8.allSatisfy(\.isLowercaseLetterOrDigit)
        return isName && !self.others.contains(name) ? name : nil
    }

    // MARK: - Of a message

    /// Reads the headers that are named like attributes: see `EventAttributes`.
    ///
    /// A broker may deliver the headers in another order next time. So if several headers stand for one attribute,
    /// their names decide which one counts.
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
        // `cloudEvents_`, the prefix of the AMQP binding, sorts last and therefore wins.
        for attribute in found.sorted(by: { $0.header < $1.header }) { self.add(attribute.name, attribute.value) }
    }

    /// CloudEvents has no type for tables, arrays and fractions. A fraction is passed on as text, the others are left
    /// out.
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

    /// Reads a member of an envelope. It overrides an attribute from the message's headers.
    ///
    /// - Parameter value: the member's value as JSON.
    mutating func read(member name: String, _ value: ArraySlice<UInt8>) {
        // Above all, this avoids copying the payload.
        guard Self.key(name) != nil, value.count <= Self.longestJSON else { return }
        let text = String(decoding: value, as: UTF8.self)
        switch value.first {
        case UInt8(ascii: "\""):
            // Text that is not valid Unicode is left out.
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
