import EventLoops
import Foundation

/// One `warren publish order.placed --ndjson`.
enum Publishing {
    /// - Returns: the ids of the events, when the broker has confirmed all of them.
    static func run(_ lines: [String], broker: String) async throws -> [String] {
        let process = try Programs.warren(["publish", "order.placed", "--ndjson", "--ids"], broker: broker)
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let (endings, ending) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ending.yield($0.terminationStatus) }
        try process.run()
        let text = Data(lines.map { "\($0)\n" }.joined().utf8)
        try LoopThread.start(named: "demo-orders") {
            try? input.fileHandleForWriting.write(contentsOf: text)
            try? input.fileHandleForWriting.close()
        }
        let (outputs, collected) = AsyncStream.makeStream(of: Data.self)
        try LoopThread.start(named: "demo-ids") {
            collected.yield((try? output.fileHandleForReading.readToEnd()) ?? Data())
        }
        var outputIterator = outputs.makeAsyncIterator()
        var endingIterator = endings.makeAsyncIterator()
        guard let ids = await outputIterator.next(), let status = await endingIterator.next() else {
            process.terminate()
            throw CancellationError()
        }
        guard status == 0 else { throw DemoError("warren publish ended with exit code \(status)") }
        return String(decoding: ids, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
