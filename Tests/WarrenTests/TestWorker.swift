import Glibc
import Logging
import Messaging
import PatientPolling
import Synchronization
import Testing
import Threads
import WorkerProtocol

@testable import Warren

/// The worker's runtime behind a real socket, with the test in the place of the host.
///
/// What blocks runs on threads of its own: the lanes need Swift's pool.
final class TestWorker: Sendable {
    let engine: LaneEngine
    private let host: Int32
    private let endings: AsyncStream<WorkerLoop.Ending>
    private let frames = Mutex(FrameBuffer())

    init(concurrency: Int = 4, batching: BatchRule? = nil) throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        self.host = ends[0]
        let output = WorkerOutput(descriptor: ends[1])
        self.engine = LaneEngine(concurrency: concurrency, batching: batching, output: output) { invocation in
            Logger(label: "test") { _ in WorkerLogHandler(invocation: invocation, logLevel: .info, output: output) }
        }
        let loop = WorkerLoop(input: WorkerInput(descriptor: ends[1]), output: output, engine: self.engine)
        let (endings, continuation) = AsyncStream.makeStream(of: WorkerLoop.Ending.self)
        self.endings = endings
        try #require(
            SystemThread.start(named: "worker") {
                var loop = loop
                continuation.yield(loop.run())
            } == 0
        )
    }

    /// The worker sees the end of file. Its own end stays open: a lane may still want to write to it, and must not
    /// meet another test's socket under the same number.
    deinit { close(self.host) }

    func open(_ type: any Function.Type) async throws { self.engine.open(try await FunctionRunner(type)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(self.host, $0.baseAddress.map { $0 + sent }, $0.count - sent) }
            guard count > 0 else { return }
            sent += count
        }
    }

    func invoke(_ number: UInt64, _ body: String, timeout: UInt32 = 3_600_000) {
        self.send(TestInvocation.bytes(Array(body.utf8), number: number, timeout: timeout))
    }

    func sendFrame(_ kind: FrameKind, invocation: UInt64 = 0) {
        var bytes: [UInt8] = []
        bytes.appendFrame(kind, invocation: invocation)
        self.send(bytes)
    }

    /// Closes the host's direction, which the worker sees as the end of file.
    func hangUp() { shutdown(self.host, Int32(SHUT_WR)) }

    var ending: WorkerLoop.Ending? {
        get async {
            for await ending in self.endings { return ending }
            return nil
        }
    }

    /// The next frames from the worker; fails the test when the worker is silent for long.
    func receive(_ count: Int) async throws -> [Frame] {
        let frames = await withCheckedContinuation { continuation in
            let code = SystemThread.start(named: "reader") { continuation.resume(returning: self.readFrames(count)) }
            if code != 0 { continuation.resume(returning: []) }
        }
        try #require(frames.count == count)
        return frames
    }

    func result() async throws -> Outcome {
        let frame = try #require(try await self.receive(1).first)
        return try ResultFrame(frame).outcome
    }

    private func readFrames(_ count: Int) -> [Frame] {
        var found: [Frame] = []
        self.frames.withLock { frames in
            while found.count < count {
                if let frame = try? frames.next() {
                    found.append(frame)
                    continue
                }
                var descriptor = pollfd(fd: self.host, events: Int16(POLLIN), revents: 0)
                guard poll(&descriptor, 1, Int32(Patience.usual / .milliseconds(1))) == 1 else { return }
                guard frames.receive(capacity: 1 << 16, { read(self.host, $0.baseAddress, $0.count) }) > 0 else {
                    return
                }
            }
        }
        return found
    }
}
