import Glibc
import WorkerProtocol

/// The frames that the host sends, read from the worker's socket by one thread at a time.
struct WorkerInput {
    /// What reading brought.
    enum Reading: Equatable {
        /// New bytes are in the buffer.
        case received
        /// The time was up, or a signal came.
        case nothing
        /// End of file or a broken socket.
        case hostGone
    }

    private let descriptor: Int32
    private var frames = FrameBuffer()
    private static let capacity = 64 << 10

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// The next complete frame of what was read.
    mutating func next() throws(FrameError) -> Frame? { try self.frames.next() }

    /// Waits until something comes, at most `milliseconds`, -1 for without end.
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
