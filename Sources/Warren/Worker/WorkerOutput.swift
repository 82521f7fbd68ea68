import Glibc
import Synchronization

/// Sends frames to the host. Frames collect in a buffer, and one thread at a time sends all that are in it.
///
/// Frames never interleave, because each is appended as a whole under one lock, and they are taken from the buffer
/// under another.
final class WorkerOutput: Sendable {
    private let descriptor: Int32
    private let waiting = Mutex<[UInt8]>([])
    private let sending = Mutex(Sending())
    private let isWanted = Atomic(false)
    private let stalled = Atomic(false)

    private struct Sending {
        var bytes: [UInt8] = []
        var sent = 0
        /// Whether the host is gone, so that nobody reads what is left.
        var isBroken = false
    }

    /// The number of buffered bytes above which a lane sends, even though more results are about to follow.
    private static let longestBuffer = 64 << 10
    /// The capacity above which a buffer is released after one large result.
    private static let largestKeptBuffer = 1 << 20

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Whether the socket accepted less than everything at the last ``flushWithoutWaiting()``.
    var isStalled: Bool { self.stalled.load(ordering: .acquiring) }

    /// Appends a frame. Sends only if the buffer is long.
    func append(_ write: (inout [UInt8]) -> Void) {
        let isLong = self.waiting.withLock { bytes in
            write(&bytes)
            return bytes.count > Self.longestBuffer
        }
        if isLong { self.flush() }
    }

    /// Sends everything that was appended before, on this thread or on the one that is already sending.
    func flush() { self.flush(mayWait: true) }

    /// Like ``flush()``, but keeps in the buffer what the socket does not accept at once. The reader thread must never
    /// wait for the host to read: each would wait for the other.
    func flushWithoutWaiting() { self.flush(mayWait: false) }

    /// Sends everything. On return all buffers are empty.
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
            // MSG_DONTWAIT makes the call work for blocking and non-blocking sockets; MSG_NOSIGNAL avoids SIGPIPE.
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
