import Deployments
import Logging
import Manifests
import Messaging
import Polling
import Processing
import Synchronization
import Topology
import Warren

/// The thread on which a `TestHost` runs the real runtime, and the way to it.
final class TestLoop: Sendable {
    private enum Command: Sendable {
        case settle(CheckedContinuation<Void, Never>)
        case stop(CheckedContinuation<Void, Never>)
    }

    private let commands: Mailbox<Command>

    private init() throws(SystemError) { self.commands = try Mailbox() }

    /// The manual clock's time as a time of day.
    static func milliseconds(_ clock: ManualClock) -> Int64 {
        // Any day does; this one is 2026-01-01.
        1_767_225_600_000 + clock.now.wholeMilliseconds
    }

    static func start(
        functions: [(manifest: FunctionManifest, runner: FunctionRunner)],
        copies: CopyBuilder,
        broker: InMemoryBroker,
        recorder: RecordingBroker,
        clock: ManualClock
    ) async throws(SystemError) -> TestLoop {
        let test = try TestLoop()
        try LoopThread.start(named: "test-host") {
            do throws(SystemError) {
                try test.run(functions, copies, broker, recorder, clock)
            } catch {
                test.resumeAll(test.commands.close())
            }
        }
        await test.settle()
        return test
    }

    /// Returns when every function runs and everything that can be handled now has been.
    func settle() async {
        await withCheckedContinuation { continuation in
            if !self.commands.send(.settle(continuation)) { continuation.resume() }
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            if !self.commands.send(.stop(continuation)) { continuation.resume() }
        }
    }

    private func resumeAll(_ commands: [Command]) {
        for command in commands {
            switch command {
            case .settle(let continuation), .stop(let continuation): continuation.resume()
            }
        }
    }

    private func run(
        _ functions: [(manifest: FunctionManifest, runner: FunctionRunner)],
        _ copies: CopyBuilder,
        _ broker: InMemoryBroker,
        _ recorder: RecordingBroker,
        _ clock: ManualClock
    ) throws(SystemError) {
        let loop = try EventLoop()
        let logger = Logger(label: "test-host") { _ in SwiftLogNoOpLogHandler() }
        let intake = try InMemoryIntake(broker: broker, loop: loop)
        let settler = try Settler(broker: recorder, copies: copies, loop: loop, logger: logger)
        let runners = Dictionary(uniqueKeysWithValues: functions.map { ($0.manifest.name, $0.runner) })
        let runtime = try FunctionRuntime(
            names: copies.names,
            broker: recorder,
            intake: intake,
            settler: settler,
            copies: copies,
            clock: WallClock { TestLoop.milliseconds(clock) },
            loop: loop,
            logger: logger,
            makeInvoker: { version, logger in
                Self.invoker(version.manifest, runners[version.manifest.name], loop, logger)
            },
            report: { _, _ in }
        )
        var waiting: [CheckedContinuation<Void, Never>] = []
        self.commands.attach(to: loop) { commands in
            for command in commands {
                switch command {
                case .settle(let continuation):
                    waiting.append(continuation)
                case .stop(let continuation):
                    runtime.drain {
                        loop.stop()
                        continuation.resume()
                    }
                }
            }
        }
        runtime.start(Self.deployment(functions.map(\.manifest), namespace: copies.names.namespace))
        // After the runtime's own flush: what has just been settled counts. Whatever happens next begins with a turn.
        loop.atTurnEnd {
            guard !waiting.isEmpty, broker.isIdle, settler.pending == 0,
                runtime.pipelines.values.allSatisfy(\.isAtRest)
            else { return }
            for continuation in waiting { continuation.resume() }
            waiting.removeAll()
        }
        loop.run()
        for continuation in waiting { continuation.resume() }
        self.resumeAll(self.commands.close())
    }

    private static func invoker(
        _ manifest: FunctionManifest,
        _ runner: FunctionRunner?,
        _ loop: EventLoop,
        _ logger: Logger
    ) -> any Invoker {
        guard let runner else { return UnavailableInvoker(reason: "the test has no function for it") }
        do throws(SystemError) {
            return try InProcessInvoker(runner: runner, timeout: manifest.timeout, loop: loop, logger: logger)
        } catch {
            return UnavailableInvoker(reason: "\(error)")
        }
    }

    /// The manifests as if their bundles lay on disk: their functions run in this process.
    private static func deployment(_ manifests: [FunctionManifest], namespace: String) -> Deployment {
        Deployment(
            namespace: namespace,
            directory: "",
            functions: manifests.map { manifest in
                ResolvedFunction(
                    manifest: manifest,
                    environment: .complete([:]),
                    bundle: .missing(reason: "the function runs inside the test")
                )
            },
            problems: []
        )
    }
}

extension FunctionPipeline {
    /// It runs, or is paused by its breaker, which no time that the test moves ends.
    fileprivate var isAtRest: Bool {
        switch self.status {
        case .running, .degraded: true
        case .starting, .unhealthy, .draining, .stopped: false
        }
    }
}
