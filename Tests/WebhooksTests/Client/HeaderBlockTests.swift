import SeededGeneration
import Testing
import Webhooks

struct HeaderBlockTests {
    @Test func `fields stand one behind the other, each ending in NUL`() {
        var headers = HeaderBlock()
        #expect(headers.bytes == [] && headers.count == 0)
        headers.add("webhook-id", "e-1")
        headers.add(name: "X-Ünï", "é")
        headers.add("empty", "")
        headers.add("raw", [0xff, 0x41])
        #expect(headers.count == 4)
        var expected = Array("webhook-id: e-1\0X-Ünï: é\0empty: \0raw: ".utf8)
        expected += [0xff, 0x41, 0]
        #expect(headers.bytes == expected)
    }

    @Test func `a control character becomes a space, and nothing else is changed`() {
        var headers = HeaderBlock()
        headers.add("a", (UInt8.min...UInt8.max).map { $0 })
        let value = headers.bytes.dropFirst(3).dropLast()
        #expect(value.count == 256)
        for (byte, written) in zip(UInt8.min...UInt8.max, value) {
            #expect(written == (byte < 0x20 || byte == 0x7f ? 0x20 : byte))
        }
    }

    @Test func `no way to add a value lets a line break through`() {
        var headers = HeaderBlock()
        headers.add("a", "1\r\nb: 2\0c: 3")
        headers.add(name: "a", "1\r\nb: 2\0c: 3")
        headers.add("a", "1\r\nb: 2\0c: 3".utf8)
        #expect(headers.lines == Array(repeating: "a: 1  b: 2 c: 3", count: 3))
    }
}
