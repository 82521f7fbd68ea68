import Glibc
import Synchronization

/// What a worker says to its host: frames gather in a buffer, and one writer at a time sends all that are there.
///
/// Frames never interleave, because they are added whole under one lock and taken from there under another.
final class WorkerOutput: Sendable {
    private let descriptor: Int32
    private let waiting = Mutex<[UInt8]>([])
    private let sending = Mutex(Sending())
    private let isWanted = Atomic(false)
    private let stalled = Atomic(false)

    private struct Sending {
        var bytes: [UInt8] = []
        var sent = 0
        /// The host is gone: what is left has no reader.
        var isBroken = false
    }

    /// Buffered bytes above which a lane sends even though more results are about to follow.
    private static let longestBuffer = 64 << 10
    /// A buffer that one large result blew up is let go.
    private static let largestKeptBuffer = 1 << 20

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The socket took less than everything at the last ``flushWithoutWaiting()``.
    var isStalled: Bool { self.stalled.load(ordering: .acquiring) }

    /// Adds a frame; sends only when the buffer is long.
    func append(_ write: (inout [UInt8]) -> Void) {
        let isLong = self.waiting.withLock { bytes in
            write(&bytes)
            return bytes.count > Self.longestBuffer
        }
        if isLong { self.flush() }
    }

    /// Has everything sent that was added before, by this thread or by the one that is sending just now.
    func flush() { self.flush(mayWait: true) }

    /// As ``flush()``, but leaves in the buffer what the socket does not take at once: the thread that reads must
    /// never wait for the host to read, or both would wait for each other.
    func flushWithoutWaiting() { self.flush(mayWait: false) }

    /// Sends everything; on return nothing is in any buffer.
    func finish() { self.sending.withLock { self.send(&$0, mayWait: true) } }

    private func flush(mayWait: Bool) {
        // A thread that finds the lock taken returns. The thread that holds it checks `isWanted` after unlocking.
        self.isWanted.store(true, ordering: .sequentiallyConsistent)
        while self.isWanted.load(ordering: .sequentiallyConsistent) {
            let isMine: Void? = self.sending.withLockIfAvailable { sending in
                self.isWanted.store(false, ordering: .sequentiallyConsistent)
                self.send(&sending, mayWait: mayWait)
            }
            if isMine == nil { return }
        }
    }

    private func send(_ sending: inout Sending, mayWait: Bool) {
        self.stalled.store(false, ordering: .releasing)
        while true {
            if sending.sent == sending.bytes.count {
                sending.sent = 0
                if sending.bytes.capacity > Self.largestKeptBuffer {
                    sending.bytes = []
                } else {
                    sending.bytes.removeAll(keepingCapacity: true)
                }
                self.waiting.withLock { swap(&$0, &sending.bytes) }
                if sending.bytes.isEmpty { return }
            }
            if sending.isBroken {
                sending.sent = sending.bytes.count
                continue
            }
            guard self.sendOnce(&sending, mayWait: mayWait) else {
                self.stalled.store(true, ordering: .releasing)
                return
            }
        }
    }

    /// One `send`. Returns false when the socket is full and waiting is not allowed.
    private func sendOnce(_ sending: inout Sending, mayWait: Bool) -> Bool {
        let sent = sending.sent
        let count = sending.bytes.withUnsafeBytes { bytes in
            // MSG_DONTWAIT makes one call fit blocking and non-blocking sockets, MSG_NOSIGNAL spares a SIGPIPE.
            Glibc.send(
                self.descriptor,
                bytes.baseAddress.map { $0 + sent },
                bytes.count - sent,
                Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
            )
        }
        if count >= 0 {
            sending.sent += count
            return true
        }
        switch errno {
        case EINTR: return true
        case EAGAIN:
            guard mayWait else { return false }
            var descriptor = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&descriptor, 1, -1)
            return true
        default:
            sending.isBroken = true
            return true
        }
    }
}
