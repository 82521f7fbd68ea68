/// A gzip stream with one block that is not compressed (RFC 1951, 3.2.4; RFC 1952).
enum StoredGzip {
    /// - Parameter body: at most 65,535 bytes.
    static func bytes(_ body: [UInt8]) -> [UInt8] {
        let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        let length = UInt16(body.count)
        // The last block, stored: its length, and the complement of that.
        let block = [1] + Self.littleEndian(length) + Self.littleEndian(~length) + body
        return header + block + Self.littleEndian(Self.checksum(body)) + Self.littleEndian(UInt32(body.count))
    }

    /// CRC-32 (RFC 1952, section 8).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = UInt32.max
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 0 ? 0 : 0xedb8_8320) }
        }
        return ~checksum
    }

    private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
