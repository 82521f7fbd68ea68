public import FoundationEssentials
package import Messaging

/// The headers of an event's message, as the broker delivered them.
///
/// Headers are read on access. A function rarely needs them: CloudEvents attributes are properties of ``Event``, and
/// Warren's own headers (`warren-attempt` and the like) are in ``FunctionContext``.
public struct EventHeaders: Sendable, Hashable {
    private let table: FieldTable

    package init(_ table: FieldTable) { self.table = table }

    /// Whether the message has no headers.
    public var isEmpty: Bool { self.table.isEmpty }

    /// The value of the first header with this name; `nil` if there is none.
    ///
    /// - Parameter name: The header's name, which is case-sensitive.
    public subscript(name: String) -> HeaderValue? { self.table[name].map(HeaderValue.init) }
}

extension EventHeaders: Sequence {
    /// Iterates over the headers in the order of the message. Malformed ones are skipped.
    public func makeIterator() -> IndexingIterator<[(name: String, value: HeaderValue)]> {
        self.table.entries.map { (name: $0.name, value: HeaderValue($0.value)) }.makeIterator()
    }
}

/// The value of a header, as one of the types of AMQP.
public enum HeaderValue: Sendable, Hashable {
    /// A header without a value.
    case empty
    /// True or false.
    case boolean(Bool)
    /// An integer. A value above `Int64.max` is clamped to it.
    case integer(Int64)
    /// A floating-point number.
    case double(Double)
    /// Text. Invalid UTF-8 is replaced with U+FFFD.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// A point in time, in whole seconds. A number so large that it can only be milliseconds is read as milliseconds.
    case time(Date)
    /// Several values.
    case list([HeaderValue])
    /// Values by name.
    case table([String: HeaderValue])

    init(_ value: FieldValue) {
        switch value {
        case .void: self = .empty
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .text(value)
        case .bytes(let value): self = .bytes(value)
        case .timestamp(let value):
            let seconds = AMQPTimestamp(value).map { Double($0.milliseconds) / 1000 }
            self = .time(Date(timeIntervalSince1970: seconds ?? Double(value)))
        case .array(let values): self = .list(values.map(HeaderValue.init))
        case .table(let values): self = .table(values.mapValues(HeaderValue.init))
        }
    }

    /// The text of a ``text(_:)`` value; `nil` for other values.
    public var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The number of an ``integer(_:)`` value; `nil` for other values.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }
}
