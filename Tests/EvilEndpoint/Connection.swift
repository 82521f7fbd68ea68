import Glibc

/// A TCP connection, which belongs to one thread and is closed with this object.
final class Connection {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// - Parameter descriptor: of a connected socket; this object owns it from here on.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        // What is sent byte by byte has to leave byte by byte.
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(self.descriptor) }

    /// The bytes that have come, as soon as there are some. Nil when the peer is gone.
    func receive() -> ArraySlice<UInt8>? {
        let count = recv(self.descriptor, &self.buffer, self.buffer.count, 0)
        return count > 0 ? self.buffer[..<count] : nil
    }

    /// Sends all bytes, as fast as the peer takes them.
    ///
    /// - Returns: false when the peer is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        // The pointers are into the array, which the closure keeps alive and nobody changes; send(2) only reads.
        bytes.withUnsafeBytes { bytes in
            var left = bytes[...]
            while !left.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: left)
                let count = Glibc.send(self.descriptor, part.baseAddress, part.count, 0)
                guard count > 0 else { return false }
                left = left.dropFirst(count)
            }
            return true
        }
    }

    /// Sends nothing, and forgets all that comes, until the peer is gone.
    func ignore() { while self.receive() != nil {} }

    /// Says to the peer that no more will come.
    func finish() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Makes the close a TCP reset instead of a goodbye.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}
