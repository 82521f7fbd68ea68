import Messaging

/// Splits a worker's stdout or stderr into lines, and keeps the end of the output in case the worker crashes.
struct LineCollector {
    /// A longer line is cut into several.
    private static let longestLine = 8 << 10

    private var line: [UInt8] = []
    private var recent: [UInt8] = []

    /// The end of the output, at most `Failure.longestMessage` bytes.
    var tail: String { String(decoding: self.recent.suffix(Failure.longestMessage), as: UTF8.self) }

    private mutating func remember(_ bytes: some Collection<UInt8>) {
        self.recent.append(contentsOf: bytes)
        if self.recent.count > 4 * Failure.longestMessage {
            self.recent.removeFirst(self.recent.count - Failure.longestMessage)
        }
    }

    mutating func take(_ bytes: some Collection<UInt8>) -> [String] {
        self.remember(bytes)
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || self.line.count == Self.longestLine {
                lines.append(String(decoding: self.line, as: UTF8.self))
                self.line.removeAll(keepingCapacity: true)
            }
            if byte != UInt8(ascii: "\n") { self.line.append(byte) }
        }
        return lines
    }

    /// Counts line ends in `bytes` without producing the lines, for a flood of output that is not logged. Also discards
    /// an unfinished line, which belongs to the flood.
    mutating func skip(_ bytes: ArraySlice<UInt8>) -> Int {
        self.remember(bytes)
        self.line.removeAll(keepingCapacity: true)
        return bytes.withUnsafeBytes { buffer in
            buffer.reduce(into: 0) { count, byte in if byte == UInt8(ascii: "\n") { count += 1 } }
        }
    }

    /// Returns the last line if it did not end with a newline.
    mutating func finish() -> String? {
        guard !self.line.isEmpty else { return nil }
        defer { self.line = [] }
        return String(decoding: self.line, as: UTF8.self)
    }
}
