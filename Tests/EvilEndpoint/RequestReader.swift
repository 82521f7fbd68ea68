/// Reads one request after the other from a connection (RFC 9112).
struct RequestReader {
    /// Why there is no request.
    enum Interruption: Error {
        /// The peer has closed the connection.
        case gone
        /// What came cannot be read as a request, or is too large.
        case refused(status: Int)
    }

    private static let longestBody = 32 << 20
    private static let longestLine = 1 << 16
    private static let mostFields = 1000

    private let connection: Connection
    /// What has come and has not been read, from `start` on.
    private var bytes: [UInt8] = []
    private var start = 0

    init(_ connection: Connection) { self.connection = connection }

    /// Waits for the next request.
    mutating func next() throws(Interruption) -> Request {
        let words = try self.line().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { throw .refused(status: 400) }
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let fields = try self.fields()
        let closes = fields.value("connection")?.lowercased() == "close"
        return Request(
            method: String(words[0]),
            path: String(target[0]),
            query: target.count > 1 ? String(target[1]) : nil,
            keepsAlive: words[2] != "HTTP/1.0" && !closes,
            fields: fields,
            body: try self.body(fields)
        )
    }

    private mutating func fields() throws(Interruption) -> [Request.Field] {
        var fields: [Request.Field] = []
        while case let line = try self.line(), !line.isEmpty {
            guard fields.count < Self.mostFields else { throw .refused(status: 431) }
            guard let colon = line.firstIndex(of: ":") else { throw .refused(status: 400) }
            let value = line[colon...].dropFirst().drop { $0 == " " || $0 == "\t" }
            fields.append(Request.Field(name: line[..<colon].lowercased(), value: String(value)))
        }
        return fields
    }

    private mutating func body(_ fields: [Request.Field]) throws(Interruption) -> [UInt8] {
        if fields.value("transfer-encoding")?.lowercased() == "chunked" { return try self.chunks() }
        guard let length = fields.value("content-length") else { return [] }
        return try self.take(Self.size(length, radix: 10))
    }

    private mutating func chunks() throws(Interruption) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            // Behind the size there may be extensions, which nobody uses.
            let digits = try self.line().prefix { $0 != ";" && $0 != " " }
            let size = try Self.size(String(digits), radix: 16)
            guard size > 0 else { break }
            guard body.count + size <= Self.longestBody else { throw .refused(status: 413) }
            body += try self.take(size)
            guard try self.line().isEmpty else { throw .refused(status: 400) }
        }
        // Trailers say nothing that a test wants to know.
        _ = try self.fields()
        return body
    }

    private static func size(_ digits: String, radix: Int) throws(Interruption) -> Int {
        guard let size = Int(digits, radix: radix), size >= 0 else { throw .refused(status: 400) }
        guard size <= Self.longestBody else { throw .refused(status: 413) }
        return size
    }

    /// The text up to the next end of line, without it.
    private mutating func line() throws(Interruption) -> String {
        var searched = self.start
        while true {
            if let end = self.bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                var line = self.bytes[self.start..<end]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                self.start = end + 1
                return String(decoding: line, as: UTF8.self)
            }
            guard self.bytes.count - self.start <= Self.longestLine else { throw .refused(status: 431) }
            let known = self.bytes.count - self.start
            try self.receive()
            searched = self.start + known
        }
    }

    private mutating func take(_ count: Int) throws(Interruption) -> [UInt8] {
        while self.bytes.count - self.start < count { try self.receive() }
        defer { self.start += count }
        return Array(self.bytes[self.start..<self.start + count])
    }

    private mutating func receive() throws(Interruption) {
        self.bytes.removeFirst(self.start)
        self.start = 0
        guard let received = self.connection.receive() else { throw .gone }
        self.bytes += received
    }
}
