import Glibc
import Logging
import Messaging
import Threads
import WorkerProtocol

/// The life of a worker process: handshake, creating the function, serving, exit.
struct WorkerMain {
    let functions: [any Function.Type]
    let version: String
    /// The limits in force, for the host to log.
    let limits: String

    private static let usage: Int32 = 64

    /// Serves the host that started this process, or explains the bundle to a person. Does not return: the reader
    /// thread ends the process.
    func run() async -> Never {
        if CommandLine.arguments.dropFirst().contains(where: { $0 == "--help" || $0 == "-h" }) {
            print(self.explanation)
            exit(0)
        }
        guard let mark = getenv(WorkerProtocolVersion.environmentKey), String(cString: mark) == "1" else {
            Self.complain(self.explanation)
            exit(Self.usage)
        }
        Self.prepareProcess()
        let output = WorkerOutput(descriptor: WorkerProtocolVersion.descriptor)
        var input = WorkerInput(descriptor: WorkerProtocolVersion.descriptor)
        let start = self.shakeHands(&input, output)
        let level = Logger.Level(number: start.lowestLogLevel)
        LoggingSystem.bootstrap { _ in WorkerLogHandler(invocation: 0, logLevel: level, output: output) }
        let function = start.function
        let engine = LaneEngine(
            concurrency: Int(start.concurrency),
            batching: BatchRule(size: Int(start.batchSize), wait: .milliseconds(start.batchWaitMilliseconds)),
            output: output
        ) { invocation in
            Logger(label: function) { _ in
                WorkerLogHandler(invocation: invocation, logLevel: level, output: output)
            }
        }
        // Reading begins before the function is created, so that the end of the host is noticed at any time.
        let loop = WorkerLoop(input: input, output: output, engine: engine)
        let code = SystemThread.start(named: "host-reader") {
            var loop = loop
            Self.end(loop.run())
        }
        guard code == 0 else { Self.fail("the system has no thread left for the worker", output) }
        await self.open(engine, start, output)
        // Never resumed: the reader thread ends the process.
        while true { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    }

    private func shakeHands(_ input: inout WorkerInput, _ output: WorkerOutput) -> StartFrame {
        let hello = HelloFrame(
            protocolVersion: WorkerProtocolVersion.current,
            bundleVersion: self.version,
            functions: self.functions.map { $0.name },
            limits: self.limits
        )
        output.append { hello.write(to: &$0) }
        output.flush()
        do throws(FrameError) {
            while true {
                if let frame = try input.next() {
                    guard frame.kind == .start else { throw FrameError("the host's first frame is no start frame") }
                    return try StartFrame(frame)
                }
                if input.read(waiting: -1) == .hostGone { _exit(0) }
            }
        } catch {
            Self.end(.protocolBroken(error.description))
        }
    }

    private func open(_ engine: LaneEngine, _ start: StartFrame, _ output: WorkerOutput) async {
        let type: any Function.Type
        do throws(StartRefusal) {
            type = try Self.function(for: start, among: self.functions)
        } catch {
            Self.fail(error.description, output)
        }
        do {
            let runner = try await FunctionRunner(type)
            output.append { $0.appendFrame(.ready) }
            output.flush()
            engine.open(runner)
        } catch {
            Self.fail("\(type).init threw: \(error)", output)
        }
    }

    /// The function that the host asks for, if it can be run as the host asks.
    static func function(
        for start: StartFrame,
        among functions: [any Function.Type]
    ) throws(StartRefusal) -> any Function.Type {
        let name = start.function
        let found = functions.filter { $0.name == name }
        guard let type = found.first else {
            let known = functions.map { $0.name }.sorted().joined(separator: ", ")
            throw StartRefusal("the bundle has no function '\(name)'; it has \(known.isEmpty ? "none" : known)")
        }
        guard found.count == 1 else {
            let types = found.map { "\($0)" }.joined(separator: " and ")
            throw StartRefusal("\(types) share the name '\(name)'; give one of them a name of its own")
        }
        guard start.batchSize == 0 || type is any BatchFunction.Type else {
            throw StartRefusal("\(name) is not a BatchFunction; remove 'batch' from its manifest")
        }
        return type
    }

    /// Ignores SIGINT and SIGTERM, because the host alone decides when a worker ends, and SIGPIPE. Marks the socket as
    /// close-on-exec, so that child processes of the function do not inherit it: the host would otherwise not notice
    /// the end of this worker.
    private static func prepareProcess() {
        for number in [SIGTERM, SIGINT, SIGPIPE] { signal(number, SIG_IGN) }
        _ = fcntl(WorkerProtocolVersion.descriptor, F_SETFD, FD_CLOEXEC)
    }

    private static func fail(_ reason: String, _ output: WorkerOutput) -> Never {
        output.append { StartFailedFrame(reason: reason.prefix(bytes: Failure.longestMessage)).write(to: &$0) }
        output.finish()
        Self.leave(1)
    }

    private static func end(_ ending: WorkerLoop.Ending) -> Never {
        switch ending {
        case .hostGone: _exit(0)
        case .drained: Self.leave(0)
        case .protocolBroken(let reason):
            Self.complain("warren worker: \(reason); are host and bundle built from the same version of Warren?\n")
            Self.leave(1)
        }
    }

    /// Flushes what was printed, and exits without running destructors, because other threads are still running.
    private static func leave(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    private static func complain(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    private var explanation: String {
        let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "bundle"
        let names = self.functions.map { "  \(program)/\($0.name)\n" }.sorted().joined()
        return """
            \(program) (\(self.version)) is a bundle of Warren functions:

            \(names.isEmpty ? "  none\n" : names)
            It is started by Warren's host, not by hand. Name a function as `handler:` in a manifest and run

              warren run --bundles DIRECTORY_OF_THIS_FILE --manifests DIRECTORY_OF_MANIFESTS

            """
    }
}

/// Why a worker cannot serve the function that the host asks for, and what to do about it.
struct StartRefusal: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
