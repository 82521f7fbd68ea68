import Glibc
import Warren

/// Appends the reading's sequence and its own process id to the file `BENCH_OUTPUT`, 4 bytes each: an account of what
/// was handled, how often, and by how many workers.
struct NoteReading: Function {
    private let descriptor: Int32

    init() async throws {
        guard let path = getenv("BENCH_OUTPUT") else { throw Rejected("BENCH_OUTPUT is not set") }
        // With O_APPEND the records of several workers neither mix nor overwrite each other.
        self.descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw Rejected("BENCH_OUTPUT cannot be opened") }
    }

    func handle(_ event: Event<Reading>, context: FunctionContext) async throws {
        let record = [UInt32(truncatingIfNeeded: event.payload.sequence), UInt32(bitPattern: getpid())]
        _ = record.withUnsafeBytes { write(self.descriptor, $0.baseAddress, $0.count) }
    }
}
