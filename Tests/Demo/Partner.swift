import EventLoops
import Foundation

/// The partner's endpoint: a running `warren webhook listen`, with what it gets as observations.
final class Partner: Sendable {
    private static let stopLimit = Duration.seconds(5)
    private static let startLimit = Duration.seconds(10)
    private static let listening = "listening on http://127.0.0.1:"

    private struct Line: Decodable {
        let headers: [String: String]
        let signature: String
        let answer: String
    }

    let port: Int
    private let process: Process
    private let ending: AsyncStream<Int32>

    /// Listens when it returns.
    ///
    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - answers: what its requests get, in turn; the last one holds for all that follow.
    ///   - report: called on a thread of its own.
    init(port: Int, answers: [Int], report: @escaping @Sendable (Observation) -> Void) async throws {
        let process = try Programs.warren(
            ["webhook", "listen", "--json", "--port", "\(port)", "--secret", ExampleManifests.secret]
                + answers.flatMap { ["--answer", "\($0)"] },
            broker: ""
        )
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        let (ending, ended) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ended.yield($0.terminationStatus) }
        try process.run()
        self.process = process
        self.ending = ending
        try LoopThread.start(named: "demo-partner") {
            LineFeed.read(output.fileHandleForReading) { line in
                if let delivery = Self.delivery(line) { report(.received(delivery)) }
            }
        }
        let (ports, found) = AsyncStream.makeStream(of: Int?.self)
        try LoopThread.start(named: "demo-port") {
            LineFeed.read(errors.fileHandleForReading) { found.yield(Self.port(String(decoding: $0, as: UTF8.self))) }
            found.finish()
        }
        let impatience = Task {
            try await Task.sleep(for: Self.startLimit)
            found.finish()
        }
        defer { impatience.cancel() }
        guard let port = await ports.first(where: { _ in true }) ?? nil else {
            process.terminate()
            throw DemoError("warren webhook listen does not listen on port \(port)")
        }
        self.port = port
    }

    func stop() async { _ = await self.process.end(self.ending, within: Self.stopLimit) }

    private static func port(_ line: String) -> Int? {
        guard line.hasPrefix(self.listening) else { return nil }
        return Int(line.dropFirst(self.listening.count).prefix { $0.isNumber })
    }

    private static func delivery(_ line: Data) -> SeenDelivery? {
        guard let line = try? JSONDecoder().decode(Line.self, from: line) else { return nil }
        return SeenDelivery(
            eventID: line.headers["webhook-id"] ?? "",
            hasValidSignature: line.signature == "valid",
            answer: line.answer
        )
    }
}
