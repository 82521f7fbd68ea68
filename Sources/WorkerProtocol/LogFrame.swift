/// One log line of a worker: `u8 level, text32 message, u16 count, count × (text16 key, text32 value)`. The frame's
/// `invocation` names the invocation that wrote the line; 0 for none.
package struct LogFrame: Sendable, Equatable {
    /// 0 trace … 6 critical, in the order of swift-log.
    package let level: UInt8
    package let message: String
    package let metadata: [(key: String, value: String)]

    package init(level: UInt8, message: String, metadata: [(key: String, value: String)]) {
        self.level = level
        self.message = message
        self.metadata = metadata
    }

    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        self.level = try cursor.integer()
        self.message = try cursor.text32()
        var metadata: [(key: String, value: String)] = []
        for _ in 0..<(try cursor.integer(UInt16.self)) {
            metadata.append((try cursor.text16(), try cursor.text32()))
        }
        self.metadata = metadata
    }

    package func write(invocation: UInt64, to bytes: inout [UInt8]) {
        bytes.appendFrame(.log, invocation: invocation) { body in
            body.append(self.level)
            body.appendText32(self.message)
            let metadata = self.metadata.prefix(Int(UInt16.max))
            body.appendLittleEndian(UInt16(metadata.count))
            for (key, value) in metadata {
                body.appendText16(key)
                body.appendText32(value)
            }
        }
    }

    package static func == (one: Self, other: Self) -> Bool {
        one.level == other.level && one.message == other.message
            && one.metadata.elementsEqual(other.metadata) { $0.key == $1.key && $0.value == $1.value }
    }
}
