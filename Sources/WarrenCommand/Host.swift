import AMQP
import Logging
import Manifests
import Messaging
import Polling
import Processing
import ServiceLifecycle
import Synchronization
import Topology
import Workers

/// The host: the intake loop with its consuming connection, pipelines and workers, as a service that drains on
/// graceful shutdown.
final class Host: Service {
    private enum Command: Sendable {
        case drain
        case stopAtOnce
    }

    private let manifests: [FunctionManifest]
    private let manifestOptions: ManifestOptions
    private let namespace: String
    private let broker: AMQPBroker
    private let logger: Logger
    private let stopped = Mutex(false)
    private let isDraining = Mutex(false)

    /// Created with the host, so that a signal that comes before the loop is not lost.
    private let commands: Mailbox<Command>?

    var wasStoppedAtOnce: Bool { self.stopped.withLock { $0 } }

    init(
        manifests: [FunctionManifest],
        manifestOptions: ManifestOptions,
        namespace: String,
        broker: AMQPBroker,
        logger: Logger
    ) {
        self.manifests = manifests
        self.manifestOptions = manifestOptions
        self.namespace = namespace
        self.broker = broker
        self.logger = logger
        self.commands = try? Mailbox()
    }

    func run() async throws {
        guard let commands = self.commands else { throw SystemError("eventfd") }
        try await withGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                do throws(SystemError) {
                    try LoopThread.start(named: "intake") {
                        do throws(SystemError) {
                            try self.runLoop(commands)
                            continuation.resume()
                        } catch {
                            continuation.resume(throwing: error)
                        }
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onGracefulShutdown: {
            self.drain()
        }
    }

    /// Stops intake, lets end what runs, and settles it. Asking twice changes nothing.
    func drain() {
        let isFirst = self.isDraining.withLock { isDraining in
            defer { isDraining = true }
            return !isDraining
        }
        guard isFirst else { return }
        self.logger.info("draining")
        self.commands?.send(.drain)
    }

    /// Ends without waiting for what runs: the broker delivers it again.
    func stopAtOnce() {
        self.logger.warning("stopping at once; what was running goes back to its queues")
        self.stopped.withLock { $0 = true }
        self.commands?.send(.stopAtOnce)
    }

    private func runLoop(_ commands: Mailbox<Command>) throws(SystemError) {
        let loop = try EventLoop()
        let intake = try AMQPIntake(
            address: self.broker.address,
            name: "warren intake",
            loop: loop,
            logger: self.logger
        )
        let names = TopologyNames(namespace: self.namespace)
        let copies = CopyBuilder(names: names, host: HostName.current)
        let settler = try Settler(broker: self.broker, copies: copies, loop: loop, logger: self.logger)
        let plan = TopologyPlanner.plan(self.manifests, namespace: self.namespace)
        let report = StartReport(expected: self.manifests.count, logger: self.logger)
        let pipelines = zip(self.manifests, plan.functions).map { manifest, function in
            self.pipeline(manifest, function, loop, intake, settler, copies) { report.set($0, of: manifest.name) }
        }
        let runtime = try FunctionRuntime(
            plan: plan,
            pipelines: pipelines,
            broker: self.broker,
            intake: intake,
            settler: settler,
            copies: copies,
            loop: loop,
            logger: self.logger
        )
        commands.attach(to: loop) { commands in
            for command in commands {
                switch command {
                case .drain: runtime.drain { loop.stop() }
                case .stopAtOnce: loop.stop()
                }
            }
        }
        runtime.start()
        loop.run()
    }

    private func pipeline(
        _ manifest: FunctionManifest,
        _ topology: TopologyPlan.Function,
        _ loop: EventLoop,
        _ intake: AMQPIntake,
        _ settler: Settler,
        _ copies: CopyBuilder,
        report: @escaping (FunctionStatus) -> Void
    ) -> FunctionPipeline {
        var logger = self.logger
        logger[metadataKey: "function"] = "\(manifest.name)"
        return FunctionPipeline(
            manifest: manifest,
            topology: topology,
            invoker: self.invoker(manifest, loop, logger),
            intake: intake,
            settler: settler,
            copies: copies,
            clock: .system,
            logger: logger,
            report: report
        )
    }

    private func invoker(_ manifest: FunctionManifest, _ loop: EventLoop, _ logger: Logger) -> any Invoker {
        let environment: [String: String]
        do throws(EnvironmentResolution.Failure) {
            environment = try EnvironmentResolution.resolve(
                manifest.env,
                manifest: manifest.name,
                environment: HostName.environment
            )
        } catch {
            return UnavailableInvoker(reason: "\(error)")
        }
        let launch = WorkerLaunch(
            executable: self.manifestOptions.executable(ofBundle: manifest.handler.bundle),
            function: manifest.handler.function,
            environment: environment,
            concurrency: manifest.concurrency,
            workers: manifest.workers,
            timeout: manifest.timeout
        )
        return WorkerPool(launch: launch, loop: loop, clock: .system, logger: logger)
    }
}
