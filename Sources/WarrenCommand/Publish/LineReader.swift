import ArgumentParser
import Glibc

/// Reads the lines of a file or of standard input on demand. Skips empty lines.
struct LineReader: ~Copyable {
    private let descriptor: Int32
    private let path: String?
    private let longestLine: Int
    private var buffer: [UInt8] = []
    private var head = 0
    /// The offset from which to search for the next newline, so that a long line is not searched again after each read.
    private var searched = 0
    private var isAtEnd = false
    /// The number of the line that was returned last, counted from 1. Empty lines count.
    private(set) var lineNumber = 0
    private var chunk = [UInt8](repeating: 0, count: 256 << 10)
    /// The size of the input in bytes; `nil` if it is not a regular file.
    let size: Int?
    private(set) var bytesTaken = 0

    init(path: String?, longestLine: Int) throws {
        self.descriptor = try InputFile.open(path)
        self.path = path
        self.longestLine = longestLine
        var status = stat()
        let hasSize = fstat(self.descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        self.size = hasSize ? Int(status.st_size) : nil
    }

    deinit { if self.descriptor != 0 { close(self.descriptor) } }

    /// Returns the next line that is not empty, without its line ending; `nil` at the end of the input. A byte order
    /// mark at the beginning of the input, as some editors write, is no part of the first line.
    mutating func next() throws -> [UInt8]? {
        while true {
            if let end = self.buffer[self.searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = self.buffer[self.head..<end]
                self.bytesTaken += end + 1 - self.head
                self.head = end + 1
                self.searched = self.head
                self.lineNumber += 1
                guard line.count <= self.longestLine else { throw self.tooLong(self.lineNumber) }
                if let line = self.content(line) { return line }
                continue
            }
            self.searched = self.buffer.count
            guard self.buffer.count - self.head <= self.longestLine else { throw self.tooLong(self.lineNumber + 1) }
            guard !self.isAtEnd else {
                let line = self.buffer[self.head...]
                self.bytesTaken += line.count
                self.head = self.buffer.count
                self.lineNumber += 1
                return self.content(line)
            }
            try self.fill()
        }
    }

    private func tooLong(_ number: Int) -> ValidationError {
        ValidationError("line \(number) has more than \(self.longestLine) bytes, the most that an event may have")
    }

    private func content(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        let hasMark = self.lineNumber == 1 && line.starts(with: [0xef, 0xbb, 0xbf])
        let hasReturn = line.last == UInt8(ascii: "\r")
        let content = line.dropFirst(hasMark ? 3 : 0).dropLast(hasReturn ? 1 : 0)
        return content.isEmpty ? nil : Array(content)
    }

    private mutating func fill() throws {
        if self.head > 0 {
            self.buffer.removeFirst(self.head)
            self.searched -= self.head
            self.head = 0
        }
        let count = try InputFile.read(self.descriptor, into: &self.chunk, self.path)
        if count == 0 { self.isAtEnd = true }
        self.buffer.append(contentsOf: self.chunk[..<count])
    }
}
