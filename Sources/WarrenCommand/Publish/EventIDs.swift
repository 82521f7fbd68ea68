/// Generates ids for new events: UUIDs of version 7, which sort by time. The ids of one process are consecutive in
/// their lowest 62 bits.
///
/// Source: RFC 9562, section 5.7, and section 6.2, method 2 (monotonic random).
struct EventIDs {
    private var counter = UInt64.random(in: 0..<(1 << 61))
    private static let digits = Array("0123456789abcdef".utf8)

    mutating func next(milliseconds: Int64) -> String {
        self.counter += 1
        let high = UInt64(truncatingIfNeeded: milliseconds) << 16 | 0x7000 | self.counter >> 50 & 0xfff
        let low = 0x8000_0000_0000_0000 | self.counter & 0x3fff_ffff_ffff_ffff
        return String(unsafeUninitializedCapacity: 36) { text in
            var index = 0
            for nibble in 0..<32 {
                if [8, 12, 16, 20].contains(nibble) {
                    text[index] = UInt8(ascii: "-")
                    index += 1
                }
                let word = nibble < 16 ? high : low
                text[index] = Self.digits[Int(word >> UInt64(60 - nibble % 16 * 4) & 15)]
                index += 1
            }
            return 36
        }
    }
}
