import EventLoops
import Glibc

/// The host's end of a worker's stdout or stderr: what comes is logged line by line, as far as the worker's budget for
/// log lines goes. What is over the budget is read all the same and dropped, at a pace that leaves the host to others
/// (some tens of megabytes a second). It owns the descriptor and closes it at the end of the stream or of the worker.
final class OutputPipe {
    private enum Read {
        case some
        case nothingYet
        case end
    }

    private static let readSize = 16 << 10
    /// All that a pipe holds.
    private static let skipSize = 64 << 10

    private let descriptor: Int32
    /// What the log calls it.
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

    /// The end of what came, at most `Failure.longestMessage`.
    var tail: String { self.lines.tail }

    /// Takes what is there, at most so many reads: a process that the worker has left behind may write for ever.
    func drain(reads: Int) {
        for _ in 0..<reads {
            guard self.isOpen, self.readOnce() == .some else { return }
        }
    }

    /// Logs what is left and closes.
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
