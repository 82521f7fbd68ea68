import CCurl
import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

/// What libcurl reads while a request is under way.
struct RequestMemoryTests {
    /// The fields of the list, as libcurl walks it: each pointer is followed while the memory is held.
    private func fields(_ memory: RequestMemory) -> [String] {
        var fields: [String] = []
        var node = memory.headers
        while let current = node {
            fields.append(current.pointee.data.map { String(cString: $0) } ?? "nothing")
            node = UnsafePointer(current.pointee.next)
        }
        return fields
    }

    private func body(_ memory: RequestMemory, _ count: Int) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: memory.body, count: memory.body == nil ? 0 : count))
    }

    private func headers(_ fields: [String]) -> HeaderBlock {
        var headers = HeaderBlock()
        for field in fields { headers.add(name: "h", field) }
        return headers
    }

    @Test func `headers and body are there, in their order`() {
        var memory = RequestMemory()
        defer { memory.free() }
        #expect(memory.headers == nil)
        memory.fill(self.headers(["one", "", "three"]), [1, 2, 3, 0, 5][1...])
        #expect(self.fields(memory) == ["h: one", "h: ", "h: three"])
        #expect(self.body(memory, 4) == [2, 3, 0, 5])
    }

    /// libcurl would read the body from standard input if there were none.
    @Test func `an empty body is a body`() {
        var memory = RequestMemory()
        defer { memory.free() }
        memory.fill(HeaderBlock(), [])
        #expect(memory.headers == nil)
        #expect(memory.body != nil)
    }

    @Test(arguments: 1...20)
    func `memory is used again, and holds just the last request`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var memory = RequestMemory()
        defer { memory.free() }
        for _ in 0..<50 {
            let fields = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                String(repeating: "x", count: .random(in: 0...300, using: &random))
            }
            let size = [0, 1, 1000, 65_536, 65_537, 200_000].randomElement(using: &random) ?? 0
            let content = [UInt8](repeating: .random(in: 0...255, using: &random), count: size)
            memory.fill(self.headers(fields), content[...])
            #expect(self.fields(memory) == fields.map { "h: \($0)" })
            #expect(self.body(memory, size) == content)
            if Bool.random(using: &random) { memory.shrink() }
        }
    }

    @Test func `a large body is given back, and a small one kept`() {
        var memory = RequestMemory()
        defer { memory.free() }
        memory.fill(HeaderBlock(), [UInt8](repeating: 1, count: 64 << 10)[...])
        let kept = memory.body
        memory.shrink()
        #expect(memory.body == kept && kept != nil)
        memory.fill(HeaderBlock(), [UInt8](repeating: 1, count: (64 << 10) + 1)[...])
        memory.shrink()
        #expect(memory.body == nil)
        memory.fill(HeaderBlock(), [7])
        #expect(memory.body != nil)
    }
}
