import EventLoops
import FoundationEssentials
import Glibc
import Synchronization
import Testing
import Waiting

/// A running `warren`, as its user sees it: what it prints, while it prints, and how it ends.
final class ObservedCommand: Sendable {
    /// What it has printed, and its exit code when it has ended.
    struct Output: Sendable {
        fileprivate(set) var standardOutput: [UInt8] = []
        fileprivate(set) var standardError: [UInt8] = []
        fileprivate(set) var status: Int32?
        fileprivate var openStreams = 2

        var text: String { String(decoding: self.standardOutput, as: UTF8.self) }
        var errorText: String { String(decoding: self.standardError, as: UTF8.self) }
        var hasEnded: Bool { self.status != nil && self.openStreams == 0 }
    }

    /// Outlives the command, because the threads that read from the process hold it.
    private final class Record: Sendable {
        let output = Mutex(Output())
    }

    private let launch: Launch
    private let record = Record()

    /// The directory of the executables that were built together with these tests.
    static let products: String = {
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "./tests"
        return executable.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }()

    /// Starts `warren` with these arguments.
    ///
    /// - Parameters:
    ///   - executable: what to start instead.
    ///   - environment: all of it; nothing of the test's own gets through.
    ///   - input: what it finds on its standard input, then the end.
    init(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: [UInt8] = [],
        executable: String = "\(ObservedCommand.products)/warren"
    ) throws {
        let launch = try Launch(executable, arguments, environment: environment)
        self.launch = launch
        // A command that ends without reading its input must not end the test.
        Glibc.signal(SIGPIPE, SIG_IGN)
        try LoopThread.start(named: "input") { Launch.write(input, to: launch.input) }
        let record = self.record
        try Self.collect(launch.output, \.standardOutput, in: record)
        try Self.collect(launch.errors, \.standardError, in: record)
        try LoopThread.start(named: "end") {
            launch.waitForEnd()
            record.output.withLock { $0.status = launch.reap() }
        }
    }

    /// A test that fails leaves nothing behind.
    deinit { self.signal(SIGKILL) }

    private static func collect(
        _ descriptor: Int32,
        _ stream: any WritableKeyPath<Output, [UInt8]> & Sendable,
        in record: Record
    ) throws {
        try LoopThread.start(named: "output") {
            Launch.read(descriptor) { bytes in
                record.output.withLock { output in
                    if bytes.isEmpty { output.openStreams -= 1 } else { output[keyPath: stream] += bytes }
                }
            }
            close(descriptor)
        }
    }

    /// Sends a signal, unless it has ended.
    func signal(_ number: Int32) {
        self.record.output.withLock { output in
            if output.status == nil { kill(self.launch.process, number) }
        }
    }

    var output: Output { self.record.output.withLock { $0 } }

    /// Waits until what it has printed, or its end, satisfies the condition.
    @discardableResult
    func wait(for what: String, until condition: (Output) -> Bool) async throws -> Output {
        var output = self.output
        try await Waiting.wait(for: what, found: { "\(output.text)\n\(output.errorText)" }) {
            output = self.output
            return condition(output)
        }
        return output
    }

    /// Waits for a line of its log that holds all of these texts.
    @discardableResult
    func line(_ texts: String...) async throws -> Substring {
        func find(_ output: Output) -> Substring? {
            output.errorText.split(separator: "\n").first { line in texts.allSatisfy { line.contains($0) } }
        }
        let output = try await self.wait(for: "line with \(texts)") { find($0) != nil }
        return try #require(find(output))
    }

    /// Waits for its end.
    func end() async throws -> Output {
        try await self.wait(for: "end") { $0.hasEnded }
    }

    /// Asks it to end, as an operator does, and waits until it has.
    func stop() async throws -> Output {
        self.signal(SIGTERM)
        return try await self.end()
    }

    /// Runs `warren` to its end.
    static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) async throws -> Output {
        try await ObservedCommand(arguments, environment: environment, input: input).end()
    }
}
