/// A 128-bit hash that is the same in every process, for identifiers that must not change when work is repeated. It
/// protects against accidents, not attackers: whoever can publish may choose a message ID anyway.
///
/// FNV-1a with 128 bits, taking eight bytes per step.
package struct StableHash {
    private var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    package init() {}

    /// Adds bytes and their count, so that ("a", "bc") and ("ab", "c") differ.
    package mutating func combine(_ bytes: ArraySlice<UInt8>) { self.combine(bytes.span.bytes) }

    package mutating func combine(_ text: String) { self.combine(text.utf8.span.bytes) }

    /// The unsafe loads are of integers, for which any bytes are valid, and their offsets are within the span.
    private mutating func combine(_ bytes: RawSpan) {
        let whole = bytes.byteCount & ~7
        for offset in stride(from: 0, to: whole, by: 8) {
            self.mix(UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        var rest: UInt64 = 0
        for offset in whole..<bytes.byteCount {
            let byte = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
            rest |= UInt64(byte) << (UInt64(offset - whole) * 8)
        }
        self.mix(rest)
        self.mix(UInt64(bytes.byteCount))
    }

    package mutating func combine(_ number: UInt64) { self.mix(number) }

    private mutating func mix(_ word: UInt64) {
        self.state = (self.state ^ UInt128(word)) &* Self.prime
        self.state ^= self.state >> 61
    }

    package var value: UInt128 { self.state }

    /// The hash in the form of a version 8 UUID (RFC 9562, section 5.8: custom content).
    package var identifier: String {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(UInt64(truncatingIfNeeded: self.state >> 64))
        bytes.appendBigEndian(UInt64(truncatingIfNeeded: self.state))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
