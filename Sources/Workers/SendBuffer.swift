/// A queue of bytes for a socket that may accept fewer than are waiting: appended at the end, sent from the front.
///
/// Sent bytes are removed once there are as many of them as there are unsent bytes. So a byte is moved at most once on
/// average, and the buffer never holds more than twice what is waiting, even if it is never empty because the peer
/// reads slowly.
struct SendBuffer {
    /// More capacity than this is released, so that a burst of large bodies does not keep its memory occupied.
    private static let largestKept = 1 << 20
    /// With fewer sent bytes than this, moving the rest is not worth it.
    private static let smallestMove = 64 << 10

    private var bytes: [UInt8] = []
    private var sent = 0

    /// Whether no bytes are waiting to be sent.
    var isEmpty: Bool { self.sent == self.bytes.count }
    /// The bytes that are waiting to be sent.
    var waiting: ArraySlice<UInt8> { self.bytes[self.sent...] }
    /// The memory that the buffer occupies, in bytes.
    var capacity: Int { self.bytes.capacity }

    mutating func append(_ write: (inout [UInt8]) -> Void) { write(&self.bytes) }

    /// Passes the waiting bytes to `send`, and drops as many as `send` returns. Returns the result of `send`, also if
    /// it is negative.
    mutating func send(_ send: (UnsafeRawBufferPointer) -> Int) -> Int {
        let sent = self.sent
        let count = self.bytes.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
        if count > 0 { self.drop(count) }
        return count
    }

    mutating func removeAll() {
        self.bytes = []
        self.sent = 0
    }

    private mutating func drop(_ count: Int) {
        self.sent += count
        let left = self.bytes.count - self.sent
        if left == 0 {
            self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.largestKept)
        } else if self.sent >= max(left, Self.smallestMove) {
            if self.bytes.capacity > Self.largestKept, left <= self.bytes.capacity / 4 {
                self.bytes = [UInt8](self.bytes[self.sent...])
            } else {
                self.bytes.removeSubrange(..<self.sent)
            }
        } else {
            return
        }
        self.sent = 0
    }
}
