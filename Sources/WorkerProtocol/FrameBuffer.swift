/// Splits the bytes that arrive on a worker's socket into frames. A length is checked before memory is allocated for
/// it, because the other side may be broken.
package struct FrameBuffer: Sendable {
    /// The maximum length of a frame: enough for a 16 MiB body or several emitted events of that size, and a bound for
    /// a bogus length.
    package static let maximumLength = 64 << 20
    private static let headerLength = 13

    private var bytes: [UInt8] = []
    private var head = 0

    package init() {}

    /// Whether every byte received so far has been taken as part of a frame.
    package var isEmpty: Bool { self.head == self.bytes.count }

    package mutating func append(_ received: some Collection<UInt8>) {
        self.dropTaken()
        self.bytes.append(contentsOf: received)
    }

    /// Lets `read` write up to `capacity` bytes behind those received so far, and returns the result of `read`. The
    /// memory is borrowed for the call only: a host has many idle workers, and none should hold on to a buffer.
    package mutating func receive(capacity: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        self.dropTaken()
        return withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 16) { room in
            let received = read(room)
            if received > 0 { self.bytes.append(contentsOf: room[..<received]) }
            return received
        }
    }

    private mutating func dropTaken() {
        guard self.head > 0 else { return }
        if self.head == self.bytes.count {
            self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= 1 << 20)
        } else {
            self.bytes.removeSubrange(..<self.head)
        }
        self.head = 0
    }

    /// The next complete frame; `nil` until more bytes arrive.
    package mutating func next() throws(FrameError) -> Frame? {
        guard self.bytes.count - self.head >= 4 else { return nil }
        let length = Int(self.bytes.littleEndian(UInt32.self, at: self.head))
        guard length >= Self.headerLength - 4, length <= Self.maximumLength else {
            throw FrameError("a frame announces \(length) bytes, and 9 to \(Self.maximumLength) are allowed")
        }
        guard self.bytes.count - self.head >= 4 + length else { return nil }
        let start = self.head
        guard let kind = FrameKind(rawValue: self.bytes[start + 4]) else {
            throw FrameError("a frame has the unknown kind \(self.bytes[start + 4])")
        }
        self.head = start + 4 + length
        return Frame(
            kind: kind,
            invocation: self.bytes.littleEndian(UInt64.self, at: start + 5),
            body: self.bytes[start + Self.headerLength..<self.head]
        )
    }
}

extension [UInt8] {
    /// Reads a number; the caller has checked that its bytes are there.
    package func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(
        _: Value.Type,
        at offset: Int
    ) -> Value {
        var value: Value = 0
        for index in (0..<Value.bitWidth / 8).reversed() { value = value << 8 | Value(self[offset + index]) }
        return value
    }

    package mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self.append(contentsOf: $0) }
    }

    /// Appends a whole frame; `body` writes what follows the header.
    package mutating func appendFrame(
        _ kind: FrameKind,
        invocation: UInt64 = 0,
        body: (inout [UInt8]) -> Void = { _ in }
    ) {
        let start = self.count
        self.appendLittleEndian(UInt32(0))
        self.append(kind.rawValue)
        self.appendLittleEndian(invocation)
        body(&self)
        let length = UInt32(self.count - start - 4)
        for index in 0..<4 { self[start + index] = UInt8(truncatingIfNeeded: length >> (UInt32(index) * 8)) }
    }

    package mutating func appendText16(_ text: String) {
        let utf8 = text.utf8.prefix(Int(UInt16.max))
        self.appendLittleEndian(UInt16(utf8.count))
        self.append(contentsOf: utf8)
    }

    package mutating func appendText32(_ text: String) {
        self.appendLittleEndian(UInt32(text.utf8.count))
        self.append(contentsOf: text.utf8)
    }
}
