import Deployments
import EventLoops
import Invoking
import Logging
import Manifests
import Messaging
import Processing
import Synchronization
import Topology
import Warren

/// The thread on which a `TestHost` runs the real runtime, and the commands to it.
final class TestLoop: Sendable {
    private enum Command: Sendable {
        case settle(CheckedContinuation<Void, Never>)
        case stop(CheckedContinuation<Void, Never>)
    }

    private let commands: Mailbox<Command>

    private init() throws(SystemError) { self.commands = try Mailbox() }

    /// The manual clock's time in milliseconds since 1970.
    static func milliseconds(_ clock: ManualClock) -> Int64 {
        // The clock's zero is 2026-01-01; any day would do.
        1_767_225_600_000 + clock.now.wholeMilliseconds
    }

    /// The manifests, and the functions and endpoint that run for them inside the test.
    struct Setup: Sendable {
        var manifests: [Manifest]
        /// The functions by the names of their manifests.
        var runners: [String: FunctionRunner]
        let endpoint: RecordingEndpoint
    }

    static func start(
        _ setup: Setup,
        copies: CopyBuilder,
        broker: InMemoryBroker,
        recorder: RecordingBroker,
        clock: ManualClock
    ) async throws(SystemError) -> TestLoop {
        let test = try TestLoop()
        try LoopThread.start(named: "test-host") {
            do throws(SystemError) {
                try test.run(setup, copies, broker, recorder, clock)
            } catch {
                test.resumeAll(test.commands.close())
            }
        }
        await test.settle()
        return test
    }

    /// Waits until every function is running and everything that can be handled at this time is done.
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
        _ setup: Setup,
        _ copies: CopyBuilder,
        _ broker: InMemoryBroker,
        _ recorder: RecordingBroker,
        _ clock: ManualClock
    ) throws(SystemError) {
        let loop = try EventLoop()
        let logger = Logger(label: "test-host") { _ in SwiftLogNoOpLogHandler() }
        let intake = try InMemoryIntake(broker: broker, loop: loop)
        let settler = try Settler(broker: recorder, copies: copies, loop: loop, logger: logger)
        let runtime = try ConsumerRuntime(
            names: copies.names,
            broker: recorder,
            intake: intake,
            settler: settler,
            copies: copies,
            clock: WallClock { TestLoop.milliseconds(clock) },
            loop: loop,
            logger: logger,
            makeInvoker: { consumer, logger in
                switch consumer.workload {
                case .function(let function):
                    Self.invoker(function.manifest, setup.runners[function.manifest.name], loop, logger)
                case .webhook(let webhook):
                    setup.endpoint.invoker(for: webhook.manifest.name, loop: loop)
                }
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
        runtime.start(Self.deployment(setup.manifests, namespace: copies.names.namespace))
        // Runs after the runtime's own flush, so that what it has just settled counts. Whatever happens next begins a
        // new turn.
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

    /// Makes a deployment of the manifests without bundles on disk, because their functions run in this process.
    private static func deployment(_ manifests: [Manifest], namespace: String) -> Deployment {
        Deployment(
            namespace: namespace,
            directory: "",
            manifests: manifests.map { manifest in
                switch manifest {
                case .function(let function):
                    .function(
                        ResolvedFunction(
                            manifest: function,
                            environment: .complete([:]),
                            bundle: .missing(reason: "the function runs inside the test")
                        )
                    )
                case .webhook(let webhook):
                    .webhook(ResolvedWebhook(webhook, environment: [:]))
                }
            },
            problems: []
        )
    }
}

extension ConsumerPipeline {
    /// Whether the pipeline is running, or paused by its breaker, which the test's clock does not control.
    fileprivate var isAtRest: Bool {
        switch self.status {
        case .running, .degraded, .paused: true
        case .starting, .disconnected, .unhealthy, .draining, .stopped: false
        }
    }
}
