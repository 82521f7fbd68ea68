/// A 128-bit hash that is the same in every process, for identifiers that must not change when work is done again.
/// It tells accidents apart, not attackers: whoever can publish may choose a message id anyway.
///
/// FNV-1a with 128 bits, taken eight bytes at a step.
package struct StableHash {
    private var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    package init() {}

    /// Adds bytes and their count, so that ("a", "bc") and ("ab", "c") differ.
    package mutating func combine(_ bytes: some Collection<UInt8>) {
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for byte in bytes {
            word |= UInt64(byte) << (filled * 8)
            filled += 1
            if filled == 8 {
                self.mix(word)
                word = 0
                filled = 0
            }
        }
        self.mix(word)
        self.mix(UInt64(bytes.count))
    }

    package mutating func combine(_ text: String) { self.combine(text.utf8) }
    package mutating func combine(_ number: UInt64) { self.mix(number) }

    private mutating func mix(_ word: UInt64) {
        self.state = (self.state ^ UInt128(word)) &* Self.prime
        self.state ^= self.state >> 61
    }

    package var value: UInt128 { self.state }

    /// In the form of a version 8 UUID (RFC 9562, section 5.8: custom content).
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
