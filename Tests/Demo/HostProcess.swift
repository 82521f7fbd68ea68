import EventLoops
import Foundation

/// A running `warren run`, with its log as observations.
final class HostProcess: Sendable {
    private static let drainLimit = Duration.seconds(20)

    private let process: Process
    private let ending: AsyncStream<Int32>

    /// - Parameters:
    ///   - report: called on a thread of its own.
    ///   - manifests: their directory.
    init(broker: String, manifests: String, report: @escaping @Sendable (Observation) -> Void) throws {
        let process = try Programs.warren(
            ["run", "--json", "--manifests", manifests, "--allow-network", "127.0.0.0/8"],
            broker: broker
        )
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
        try LoopThread.start(named: "demo-log") {
            LineFeed.read(log.fileHandleForReading) { line in
                if let observation = HostLogLine.observation(line) { report(observation) }
            }
        }
    }

    /// Asks it to look again at what has paused itself.
    func reload() { kill(self.process.processIdentifier, SIGHUP) }

    /// Asks it to drain and waits for its end, even in a cancelled task.
    ///
    /// - Returns: its exit code; one that does not end in time is killed, and the code is the signal's number.
    func stop() async -> Int32 { await self.process.end(self.ending, within: Self.drainLimit) }
}
