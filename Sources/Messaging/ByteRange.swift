#if canImport(Glibc)
import Glibc
#endif

/// The position of a field inside a delivery's bytes. Fields are located once and copied only on request, because the
/// host never looks at most of them.
package struct ByteRange: Sendable, Hashable {
    package let start: Int32
    package let count: Int32

    package init(start: Int, count: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        self.count = Int32(truncatingIfNeeded: count)
    }

    /// A field that the message does not have.
    package static let absent = ByteRange(start: -1, count: 0)

    @inlinable package var isPresent: Bool { self.start >= 0 }
    package var lowerBound: Int { Int(self.start) }
    package var upperBound: Int { Int(self.start) + Int(self.count) }
}

extension [UInt8] {
    /// The field's text; bytes that are not UTF-8 become U+FFFD. `nil` when the field is absent.
    package func text(_ range: ByteRange) -> String? {
        guard range.isPresent else { return nil }
        return String(decoding: self[range.lowerBound..<range.upperBound], as: UTF8.self)
    }

    /// Whether the field's bytes are exactly this literal.
    package func field(_ range: ByteRange, equals literal: StaticString) -> Bool {
        guard Int(range.count) == literal.utf8CodeUnitCount, range.isPresent else { return false }
        return self.withUnsafeBufferPointer { bytes in
            // The range lies inside the array by construction (it was cut from it) and the literal lives forever.
            guard let base = bytes.baseAddress else { return literal.utf8CodeUnitCount == 0 }
            return memcmp(base + range.lowerBound, literal.utf8Start, literal.utf8CodeUnitCount) == 0
        }
    }

    /// Whether the field's bytes begin with this literal.
    package func field(_ range: ByteRange, startsWith literal: StaticString) -> Bool {
        guard Int(range.count) >= literal.utf8CodeUnitCount else { return false }
        return self.field(ByteRange(start: range.lowerBound, count: literal.utf8CodeUnitCount), equals: literal)
    }
}
