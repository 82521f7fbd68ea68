import Testing

@testable import Workers

struct LineCollectorTests {
    @Test(arguments: [1, 2, 7, 1000])
    func `lines are the same however they arrive`(chunk: Int) {
        let bytes = Array("one\n\ntwo words\nends without".utf8)
        var collector = LineCollector()
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            lines += collector.take(bytes[start..<min(start + chunk, bytes.count)])
        }
        #expect(lines == ["one", "", "two words"])
        #expect(collector.finish() == "ends without")
        #expect(collector.finish() == nil)
    }

    @Test(arguments: [(8191, [8191]), (8192, [8192]), (8193, [8192, 1]), (20_000, [8192, 8192, 3616])])
    func `a line of any length is cut and nothing of it is lost`(length: Int, pieces: [Int]) {
        var collector = LineCollector()
        let lines = collector.take(Array(repeating: UInt8(ascii: "x"), count: length) + [UInt8(ascii: "\n")])
        #expect(lines.map(\.utf8.count) == pieces)
        #expect(collector.finish() == nil)
    }

    @Test func `the last 8 KiB are remembered, lines and all`() {
        var collector = LineCollector()
        for number in 0..<100_000 { _ = collector.take(Array("\(number)\n".utf8)) }
        #expect(collector.tail.utf8.count == 8192)
        #expect(collector.tail.hasSuffix("99998\n99999\n"))
    }

    @Test func `lines that are skipped are counted and remembered, and what was begun goes with them`() {
        var collector = LineCollector()
        #expect(collector.take(Array("one\nbeg".utf8)) == ["one"])
        #expect(collector.skip(Array("un\ntwo\nthree\nfo".utf8)[...]) == 3)
        #expect(collector.take(Array("ur\nfive\n".utf8)) == ["ur", "five"])
        #expect(collector.tail == "one\nbegun\ntwo\nthree\nfour\nfive\n")
    }
}
