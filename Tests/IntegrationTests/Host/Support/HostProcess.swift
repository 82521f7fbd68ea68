import FoundationEssentials
import Glibc
import Waiting

/// A running `warren run`, with its log.
struct HostProcess: Sendable {
    /// A line of the log.
    struct Entry: Sendable {
        let fields: [String: String]

        var message: String { self.fields["message"] ?? "" }
        subscript(field: String) -> String? { self.fields[field] }
    }

    let warren: WarrenProcess
    private let file: GrowingFile<Entry>

    /// - Parameter warren: started with `--json`.
    init(_ warren: WarrenProcess) {
        self.warren = warren
        self.file = GrowingFile(warren.errorPath) { line in
            (try? JSONDecoder().decode([String: String].self, from: Data(line.utf8))).map(Entry.init)
        }
    }

    var log: [Entry] { self.file.lines }

    /// - Returns: all of the log, when the condition holds for it.
    @discardableResult
    func wait(
        for what: String,
        until condition: ([Entry]) -> Bool
    ) async throws -> [Entry] {
        var log: [Entry] = []
        try await Waiting.wait(
            for: what,
            found: { log.suffix(20).map { "\($0.fields)" }.joined(separator: "\n") },
            until: {
                log = self.log
                return condition(log)
            }
        )
        return log
    }

    /// Waits for a line with this message.
    func says(_ message: String) async throws {
        try await self.wait(for: "'\(message)' in the log") { log in
            log.contains { $0.message == message }
        }
    }

    /// Asks it to drain, and waits for its end.
    ///
    /// - Returns: its exit code.
    @discardableResult
    func stop() async throws -> Int32 {
        self.warren.signal(SIGTERM)
        return try await self.warren.exit()
    }
}
