import FoundationEssentials
import Glibc
import Synchronization

/// The account of what was asked: a line of JSON for each request that was read completely, written before the answer.
/// A test that has seen the answer finds the line.
final class Journal: Sendable {
    private struct Entry: Encodable {
        /// On the clock that never jumps; the same for all processes.
        let milliseconds: Int
        let connection: Int
        let method: String
        let path: String
        let query: String?
        let headers: [String: String]
        /// In base64.
        let body: Data
    }

    /// Locked from the look at the clock to the end of the line, so that lines are in the order of their times.
    private let descriptor: Mutex<Int32>

    init(path: String) {
        // With O_APPEND lines of several writers neither mix nor overwrite each other.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { EvilEndpoint.giveUp("open \(path)") }
        self.descriptor = Mutex(descriptor)
    }

    func note(_ request: Request, connection: Int) {
        self.descriptor.withLock { descriptor in
            let line = Self.line(request, connection: connection)
            // In one piece: a reader never sees a line of which a part comes later.
            guard write(descriptor, line, line.count) == line.count else { EvilEndpoint.giveUp("write a line") }
        }
    }

    private static func line(_ request: Request, connection: Int) -> [UInt8] {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let entry = Entry(
            milliseconds: Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000,
            connection: connection,
            method: request.method,
            path: request.path,
            query: request.query,
            headers: request.headers,
            body: Data(request.body)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(entry) else { EvilEndpoint.giveUp("encode a request") }
        return line + [UInt8(ascii: "\n")]
    }
}
