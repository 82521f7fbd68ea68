import AMQP
import Deployments
import EventLoops
import Glibc
import Logging
import Manifests
import Messaging
import Processing
import ServiceLifecycle
import Synchronization
import Topology
import Webhooks

/// The host: the intake loop with its consuming connection, pipelines and workers. A service that follows the manifests
/// and bundles on disk, and drains on graceful shutdown.
final class Host: Service {
    private enum Command: Sendable {
        case deploy(Deployment, settled: Bool, retryingRejected: Bool)
        case drain
        case stopAtOnce
    }

    private let manifestOptions: ManifestOptions
    private let namespace: String
    private let broker: AMQPBroker
    private let deliveries: HTTPClient.Configuration
    private let logger: Logger
    private let stopped = Mutex(false)
    private let isDraining = Mutex(false)
    private let watcher = Mutex<DeploymentWatcher?>(nil)
    /// The longest run that any manifest so far allows. "Time limits" in the article "Retries, delays and dead letters"
    /// says what it is for.
    private let longestRun = Mutex(Duration.seconds(30))

    /// Created with the host, so that a signal that arrives before the loop runs is not lost.
    private let commands: Mailbox<Command>?

    var wasStoppedAtOnce: Bool { self.stopped.withLock { $0 } }

    init(
        manifestOptions: ManifestOptions,
        namespace: String,
        broker: AMQPBroker,
        deliveries: HTTPClient.Configuration,
        logger: Logger
    ) {
        self.manifestOptions = manifestOptions
        self.namespace = namespace
        self.broker = broker
        self.deliveries = deliveries
        self.logger = logger
        self.commands = try? Mailbox()
    }

    func run() async throws {
        guard let commands = self.commands else { throw SystemError("eventfd") }
        try self.watch(commands)
        defer { self.watcher.withLock { $0 = nil } }
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

    /// Starts watching: from now on every change of the manifests, and of the files that they refer to, is sent to the
    /// loop.
    private func watch(_ commands: Mailbox<Command>) throws(SystemError) {
        let reader = DeploymentReader(
            namespace: self.namespace,
            manifestDirectory: self.manifestOptions.manifests,
            bundlePath: { [manifestOptions] in manifestOptions.executable(ofBundle: $0) },
            environment: { HostName.environment }
        )
        let watcher = try DeploymentWatcher(reader: reader) { deployment, settled, retryingRejected in
            commands.send(.deploy(deployment, settled: settled, retryingRejected: retryingRejected))
        }
        self.watcher.withLock { $0 = watcher }
    }

    /// Reads the manifests now, and tries again to start what could not be started.
    func reload() {
        self.logger.info("reloading")
        self.watcher.withLock { $0 }?.check()
    }

    /// Stops intake, and lets running invocations end and be settled. Calling it again has no effect.
    func drain() {
        let isFirst = self.isDraining.withLock { isDraining in
            defer { isDraining = true }
            return !isDraining
        }
        guard isFirst else { return }
        self.logger.info("draining")
        self.commands?.send(.drain)
        self.endLate()
    }

    /// The time that a drain may take beyond the longest run.
    private static let drainReserve = Duration.seconds(30)

    /// The last resort: ends the process if the drain does not end. Runs outside the threads of the data path, because
    /// a loop that is stuck in a system call never ends.
    private func endLate() {
        let limit = self.longestRun.withLock { $0 } + Self.drainReserve
        Task.detached { [logger] in
            try await Task.sleep(for: limit)
            logger.critical(
                "the drain did not end in time, so the host exits now; unsettled events are delivered again",
                metadata: ["after": "\(limit.words)"]
            )
            exit(1)
        }
    }

    /// Stops without waiting for running invocations. The broker delivers their events again.
    func stopAtOnce() {
        self.logger.warning("stopping at once; events that were running go back to their queues")
        self.stopped.withLock { $0 = true }
        self.commands?.send(.stopAtOnce)
    }

    private func runLoop(_ commands: Mailbox<Command>) throws(SystemError) {
        let loop = try EventLoop()
        let intake = try AMQPIntake(
            addresses: self.broker.addresses,
            name: "warren intake",
            loop: loop,
            logger: self.logger
        )
        let copies = CopyBuilder(names: TopologyNames(namespace: self.namespace), host: HostName.current)
        let settler = try Settler(broker: self.broker, copies: copies, loop: loop, logger: self.logger)
        let report = StatusReport(namespace: self.namespace, logger: self.logger)
        let factory = InvokerFactory(loop: loop, deliveries: self.deliveries)
        let runtime = try ConsumerRuntime(
            names: copies.names,
            broker: self.broker,
            intake: intake,
            settler: settler,
            copies: copies,
            clock: .system,
            loop: loop,
            logger: self.logger,
            makeInvoker: factory.invoker,
            report: { manifest, status in report.set(status, of: manifest) }
        )
        var hasStarted = false
        commands.attach(to: loop) { commands in
            for command in commands {
                switch command {
                case .deploy(let deployment, let settled, let retryingRejected):
                    let longest = deployment.manifests.flatMap(\.consumers).map(\.workload.longestRun).max() ?? .zero
                    self.longestRun.withLock { $0 = max($0, longest) }
                    if hasStarted {
                        runtime.apply(deployment, settled: settled, retryingRejected: retryingRejected)
                    } else {
                        hasStarted = true
                        report.expect(deployment.manifests)
                        runtime.start(deployment)
                    }
                case .drain: runtime.drain { loop.stop() }
                case .stopAtOnce: loop.stop()
                }
            }
        }
        loop.run()
    }
}

extension Workload {
    /// The longest time that one invocation may take before a time limit ends it.
    fileprivate var longestRun: Duration {
        switch self {
        case .function(let function):
            // An event may wait for its batch, and the batch before it may take its whole timeout.
            let batch = function.manifest.batch.map { $0.wait + function.manifest.timeout } ?? .zero
            return batch + function.manifest.timeout + function.manifest.timeoutGrace
        case .webhook(let webhook):
            // A request, another access token, and the request again.
            return webhook.manifest.consumer.timeout * 3
        }
    }
}
