import Glibc
import Warren

/// The account of what functions did: a line for each deed in the file that `JOURNAL` names, in the order in which the
/// deeds were done, over all processes that share the file.
///
/// A line has the event's id, the attempt, the process, the milliseconds of the clock that never jumps, and the deed.
struct Journal {
    private let descriptor: Int32

    init() throws {
        guard let path = getenv("JOURNAL") else { throw Rejected("JOURNAL is not set") }
        // With O_APPEND lines of several writers neither mix nor overwrite each other.
        self.descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw Rejected("the journal \(String(cString: path)) cannot be opened") }
    }

    func note(_ deed: String, _ id: String, _ context: FunctionContext) {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let milliseconds = Int(now.tv_sec) * 1000 + Int(now.tv_nsec) / 1_000_000
        let line = Array("\(id) \(context.attempt) \(getpid()) \(milliseconds) \(deed)\n".utf8)
        _ = write(self.descriptor, line, line.count)
    }
}
