import Foundation
import Polling

/// A running `warren run`, with its log as observations.
final class HostProcess: Sendable {
    private static let drainLimit = Duration.seconds(20)

    private let process: Process
    private let ending: AsyncStream<Int32>

    /// - Parameter report: called on a thread of its own.
    init(broker: String, report: @escaping @Sendable (Observation) -> Void) throws {
        let process = try Programs.warren(["run", "--json"], broker: broker)
        let log = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardError = log
        let (ending, ended) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            ended.yield(process.terminationStatus)
            report(.hostEnded(code: process.terminationStatus))
        }
        try process.run()
        self.process = process
        self.ending = ending
        try LoopThread.start(named: "demo-log") { Self.read(log.fileHandleForReading, report) }
    }

    /// Asks it to drain and waits for its end, even in a cancelled task.
    ///
    /// - Returns: its exit code; one that does not end in time is killed, and the code is the signal's number.
    func stop() async -> Int32 {
        self.process.terminate()
        let process = self.process
        let impatience = Task {
            try await Task.sleep(for: Self.drainLimit)
            kill(process.processIdentifier, SIGKILL)
        }
        let ending = self.ending
        let code = await Task { await ending.first { _ in true } }.value
        impatience.cancel()
        return code ?? -1
    }

    private static func read(_ log: FileHandle, _ report: (Observation) -> Void) {
        var buffer = Data()
        while true {
            let chunk = log.availableData
            guard !chunk.isEmpty else { return }
            buffer.append(chunk)
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                if let observation = HostLogLine.observation(buffer[..<end]) { report(observation) }
                buffer = Data(buffer[(end + 1)...])
            }
        }
    }
}
