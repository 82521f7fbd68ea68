import Testing

@testable import Workers

struct SendBufferTests {
    @Test(arguments: [1, 3, 64 << 10, 1 << 20])
    func `bytes leave in the order in which they came`(piece: Int) {
        var buffer = SendBuffer()
        var sent: [UInt8] = []
        var added: [UInt8] = []
        func send() {
            _ = buffer.send { room in
                let taken = room.prefix(piece)
                sent.append(contentsOf: taken)
                return taken.count
            }
        }
        for round in 0..<100 {
            let frame = [UInt8](repeating: UInt8(round), count: piece / 2 + round)
            added += frame
            buffer.append { $0 += frame }
            send()
        }
        while !buffer.isEmpty { send() }
        #expect(sent == added)
    }

    @Test func `a buffer that is never empty holds twice of what waits, and not all that was ever sent`() {
        var buffer = SendBuffer()
        let frame = [UInt8](repeating: 7, count: 100 << 10)
        for _ in 0..<3 { buffer.append { $0 += frame } }
        for _ in 0..<10_000 {
            buffer.append { $0 += frame }
            _ = buffer.send { _ in frame.count }
            #expect(buffer.waiting.count == 3 * frame.count)
        }
        #expect(buffer.capacity <= 2 << 20)
    }

    @Test func `a burst leaves its memory neither when all is sent nor when little is left`() {
        for left in [0, 10] {
            var buffer = SendBuffer()
            buffer.append { $0 += [UInt8](repeating: 1, count: 20 << 20) }
            _ = buffer.send { $0.count - left }
            #expect(buffer.waiting.count == left)
            #expect(buffer.capacity <= 1 << 20)
        }
    }

    @Test func `a send that fails drops nothing`() {
        var buffer = SendBuffer()
        buffer.append { $0 += [1, 2, 3] }
        #expect(buffer.send { _ in -1 } == -1)
        #expect(Array(buffer.waiting) == [1, 2, 3])
    }
}
