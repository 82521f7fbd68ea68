import EventLoops
import Glibc

/// The host's end of a worker's stdout or stderr. Logs the output line by line within the function's log budget. Output
/// over the budget is still read, so that the worker does not block, but dropped, and slowly enough (some tens of
/// megabytes a second) that the host has time for other work. Owns the descriptor, and closes it when the stream or the
/// worker ends.
final class OutputPipe {
    private enum Read {
        case some
        case nothingYet
        case end
    }

    private static let readSize = 16 << 10
    /// The capacity of a pipe.
    private static let skipSize = 64 << 10

    private let descriptor: Int32
    /// The stream's name in the log.
    private let stream: String
    private let loop: EventLoop
    private let log: WorkerLog
    private var lines = LineCollector()
    private var isOpen = true

    init(_ descriptor: Int32, stream: String, loop: EventLoop, log: WorkerLog) {
        self.descriptor = descriptor
        self.stream = stream
        self.loop = loop
        self.log = log
        loop.watch(descriptor) { [weak self] _ in
            guard let self else { return }
            if self.readOnce() == .end { self.close() }
        }
    }

    /// The end of the output, at most `Failure.longestMessage` bytes.
    var tail: String { self.lines.tail }

    /// Reads what the pipe holds, with at most `reads` reads: a process that the worker left behind may never stop
    /// writing.
    func drain(reads: Int) {
        for _ in 0..<reads {
            guard self.isOpen, self.readOnce() == .some else { return }
        }
    }

    /// Logs an unfinished last line and closes the descriptor.
    func finish() {
        if let line = self.lines.finish() { self.log.write(line, stream: self.stream) }
        self.close()
    }

    private func readOnce() -> Read {
        let isFlood = self.log.isExhausted()
        var buffer = [UInt8](repeating: 0, count: isFlood ? Self.skipSize : Self.readSize)
        let count = read(self.descriptor, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothingYet : .end }
        if isFlood {
            self.log.drop(lines: self.lines.skip(buffer[..<count]))
            self.rest()
        } else {
            for line in self.lines.take(buffer[..<count]) { self.log.write(line, stream: self.stream) }
        }
        return .some
    }

    private func rest() {
        self.loop.setReading(false, of: self.descriptor)
        self.loop.schedule(after: WorkerLog.restFromFlood) { [weak self] in
            guard let self, self.isOpen else { return }
            self.loop.setReading(true, of: self.descriptor)
        }
    }

    private func close() {
        guard self.isOpen else { return }
        self.isOpen = false
        self.loop.unwatch(self.descriptor)
        Glibc.close(self.descriptor)
    }
}
