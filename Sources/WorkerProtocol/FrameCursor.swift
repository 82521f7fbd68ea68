/// Reads a frame's body step by step; a body that ends early is an error, never a trap.
package struct FrameCursor {
    private let bytes: ArraySlice<UInt8>
    package private(set) var offset: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.offset = bytes.startIndex
    }

    package var rest: ArraySlice<UInt8> { self.bytes[self.offset...] }

    package mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _: Value.Type = Value.self
    ) throws(FrameError) -> Value {
        let start = self.offset
        try self.skip(Value.bitWidth / 8)
        var value: Value = 0
        for index in (start..<self.offset).reversed() { value = value << 8 | Value(self.bytes[index]) }
        return value
    }

    /// Passes over the next `count` bytes.
    package mutating func skip(_ count: Int) throws(FrameError) {
        guard count >= 0, self.bytes.endIndex - self.offset >= count else {
            throw FrameError("a frame's body ends before its content")
        }
        self.offset += count
    }

    /// The next `count` bytes.
    package mutating func take(_ count: Int) throws(FrameError) -> ArraySlice<UInt8> {
        let start = self.offset
        try self.skip(count)
        return self.bytes[start..<self.offset]
    }

    package mutating func text16() throws(FrameError) -> String {
        String(decoding: try self.take(Int(try self.integer(UInt16.self))), as: UTF8.self)
    }

    package mutating func text32() throws(FrameError) -> String {
        String(decoding: try self.take(Int(try self.integer(UInt32.self))), as: UTF8.self)
    }
}
