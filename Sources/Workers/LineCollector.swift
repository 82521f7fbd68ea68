import Messaging

/// Cuts what a worker writes to stdout or stderr into lines, and remembers the end of it for the case of a crash.
struct LineCollector {
    /// A longer line is cut into several.
    private static let longestLine = 8 << 10

    private var line: [UInt8] = []
    private var recent: [UInt8] = []

    /// The end of it, as much as a failure may say.
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

    /// Counts lines instead of cutting them: for a flood of which nothing is logged. The rest of a line that was begun
    /// belongs to them.
    mutating func skip(_ bytes: ArraySlice<UInt8>) -> Int {
        self.remember(bytes)
        self.line.removeAll(keepingCapacity: true)
        return bytes.withUnsafeBytes { buffer in
            buffer.reduce(into: 0) { count, byte in if byte == UInt8(ascii: "\n") { count += 1 } }
        }
    }

    /// What is left without its end of line.
    mutating func finish() -> String? {
        guard !self.line.isEmpty else { return nil }
        defer { self.line = [] }
        return String(decoding: self.line, as: UTF8.self)
    }
}
