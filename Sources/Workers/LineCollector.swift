/// Cuts what a worker writes to stdout or stderr into lines, and remembers the end of it for the case of a crash.
struct LineCollector {
    /// A longer line is cut into several.
    private static let longestLine = 8 << 10
    private static let tailSize = 8 << 10

    private var line: [UInt8] = []
    private var recent: [UInt8] = []

    /// The last 8 KiB, at most.
    var tail: String { String(decoding: self.recent.suffix(Self.tailSize), as: UTF8.self) }

    mutating func take(_ bytes: some Collection<UInt8>) -> [String] {
        self.recent.append(contentsOf: bytes)
        if self.recent.count > 4 * Self.tailSize { self.recent.removeFirst(self.recent.count - Self.tailSize) }
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

    /// What is left without its end of line.
    mutating func finish() -> String? {
        guard !self.line.isEmpty else { return nil }
        defer { self.line = [] }
        return String(decoding: self.line, as: UTF8.self)
    }
}
