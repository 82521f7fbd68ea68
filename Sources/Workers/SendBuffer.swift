/// Bytes on their way to a socket that may take fewer than are there: added behind, sent from the front.
///
/// What was sent is let go once it is as much as what is left, so a byte is moved at most once on average and the
/// buffer is never more than twice what waits, also when it is never empty because the other side reads slowly.
struct SendBuffer {
    /// A burst of large bodies must not leave its memory behind for ever.
    private static let largestKept = 1 << 20
    /// Below this moving bytes saves nothing.
    private static let smallestMove = 64 << 10

    private var bytes: [UInt8] = []
    private var sent = 0

    /// Nothing waits to be sent.
    var isEmpty: Bool { self.sent == self.bytes.count }
    /// What waits to be sent.
    var waiting: ArraySlice<UInt8> { self.bytes[self.sent...] }
    /// How much memory it holds.
    var capacity: Int { self.bytes.capacity }

    mutating func append(_ write: (inout [UInt8]) -> Void) { write(&self.bytes) }

    /// Hands what waits to `send` and drops as many bytes as it returns; returns its answer, also a negative one.
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
