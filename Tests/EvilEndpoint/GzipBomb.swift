/// A gzip stream of a hundred kilobytes that unpacks to a hundred megabytes of zeros (RFC 1951, RFC 1952).
///
/// It is one block with a code of its own, in which the longest match and the shortest distance are one bit each, both
/// of them 0: a byte of the stream stands for 4 x 258 bytes, more than which DEFLATE cannot do.
enum GzipBomb {
    private static let matches = 400_000
    /// A literal, and matches of what came before.
    private static let size = UInt32(1 + 258 * matches)
    /// The CRC-32 of as many zeros, as Python's `zlib.crc32` has it; another number of matches needs another one.
    private static let checksum: UInt32 = 0x72a2_8003

    static let bytes: [UInt8] = {
        var bits = BitWriter()
        Self.writeCodes(to: &bits)
        bits.append(code: "10")
        for _ in 0..<Self.matches { bits.append(code: "00") }
        bits.append(code: "11")
        let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        return header + bits.finished + Self.littleEndian(Self.checksum) + Self.littleEndian(Self.size)
    }()

    /// Says which codes the block has: `10` for a literal zero, `11` for the end, `0` for a match of 258 bytes, and `0`
    /// for a distance of 1.
    private static func writeCodes(to bits: inout BitWriter) {
        // The last block, with codes of its own: for 286 literals and lengths, for 1 distance. These are described by
        // code lengths, which have a code themselves, whose lengths are in the 18 numbers of three bits.
        bits.append(1, count: 1)
        bits.append(2, count: 2)
        bits.append(286 - 257, count: 5)
        bits.append(1 - 1, count: 5)
        bits.append(18 - 4, count: 4)
        // In the order 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1: `0` is a run of zeros, `10` is a
        // length of 1, `11` is a length of 2.
        for length in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2] { bits.append(length, count: 3) }
        // Literal 0 has two bits, the other 255 have none.
        bits.append(code: "11")
        bits.append(zeros: 138)
        bits.append(zeros: 117)
        // The end, 256, has two bits; then nothing up to 285, the length 258, which has one.
        bits.append(code: "11")
        bits.append(zeros: 28)
        bits.append(code: "10")
        // The distance 1 has one bit.
        bits.append(code: "10")
    }

    private static func littleEndian(_ number: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

/// Packs bits as DEFLATE does, the first into the lowest bit of a byte.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var current: UInt8 = 0
    private var used = 0

    /// All bits, filled up to a byte with zeros.
    var finished: [UInt8] { self.used == 0 ? self.bytes : self.bytes + [self.current] }

    /// A number, the lowest bit first.
    mutating func append(_ number: Int, count: Int) {
        for position in 0..<count { self.append(bit: UInt8(truncatingIfNeeded: number >> position & 1)) }
    }

    /// The bits of a code as they are written, which is the order in which they are sent.
    mutating func append(code: StaticString) {
        // The literal's bytes live as long as the program.
        code.withUTF8Buffer { digits in
            for digit in digits { self.append(bit: digit & 1) }
        }
    }

    /// A run of 11 to 138 code lengths that are zero: its code, `0`, and how many more than 11.
    mutating func append(zeros: Int) {
        self.append(code: "0")
        self.append(zeros - 11, count: 7)
    }

    private mutating func append(bit: UInt8) {
        self.current |= bit << UInt8(self.used)
        self.used += 1
        if self.used == 8 {
            self.bytes.append(self.current)
            self.current = 0
            self.used = 0
        }
    }
}
