import Glibc
import Synchronization

/// A file to which others append lines, read as it grows.
final class GrowingFile<Line: Sendable>: Sendable {
    private struct State {
        var offset = 0
        var unfinished: [UInt8] = []
        var lines: [Line] = []
    }

    private let path: String
    private let parse: @Sendable (String) -> Line?
    private let state = Mutex(State())

    /// - Parameter parse: lines of which it makes nothing are left out.
    init(_ path: String, parse: @escaping @Sendable (String) -> Line?) {
        self.path = path
        self.parse = parse
    }

    /// All complete lines up to now; none while there is no file.
    var lines: [Line] {
        self.state.withLock { state in
            self.read(&state)
            return state.lines
        }
    }

    private func read(_ state: inout State) {
        let file = open(self.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = pread(file, &buffer, buffer.count, state.offset), count > 0 {
            state.offset += count
            state.unfinished += buffer[..<count]
        }
        guard let end = state.unfinished.lastIndex(of: UInt8(ascii: "\n")) else { return }
        for line in state.unfinished[..<end].split(separator: UInt8(ascii: "\n")) {
            if let line = self.parse(String(decoding: line, as: UTF8.self)) { state.lines.append(line) }
        }
        state.unfinished.removeFirst(end + 1)
    }
}
