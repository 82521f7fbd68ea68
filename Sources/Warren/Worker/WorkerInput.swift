import Glibc
import WorkerProtocol

/// Reads the frames that the host sends from the worker's socket. Used by one thread at a time.
struct WorkerInput {
    /// The result of a read.
    enum Reading: Equatable {
        /// New bytes are in the buffer.
        case received
        /// The wait timed out, or a signal interrupted it.
        case nothing
        /// End of file or a broken socket.
        case hostGone
    }

    private let descriptor: Int32
    private var frames = FrameBuffer()
    private static let capacity = 64 << 10

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next complete frame among the bytes read so far.
    mutating func next() throws(FrameError) -> Frame? { try self.frames.next() }

    /// Waits for bytes for at most `milliseconds` (-1: without limit), and reads them.
    mutating func read(waiting milliseconds: Int32) -> Reading {
        var descriptor = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&descriptor, 1, milliseconds)
        guard ready > 0 else { return ready == 0 || errno == EINTR ? .nothing : .hostGone }
        let socket = self.descriptor
        let count = self.frames.receive(capacity: Self.capacity) { buffer in
            recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        }
        if count > 0 { return .received }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .hostGone
    }
}
