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

/// The host: the intake loop with its consuming connection, pipelines and workers, as a service that follows the
/// manifests and bundles on disk, and drains on graceful shutdown.
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
    /// Of all manifests that there have been.
    private let longestRun = Mutex(Duration.seconds(30))

    /// Created with the host, so that a signal that comes before the loop is not lost.
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

    /// From now on every change of the manifests, and of what they refer to, comes to the loop.
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

    /// Looks at the manifests now, and tries again what could not be started.
    func reload() {
        self.logger.info("reloading")
        self.watcher.withLock { $0 }?.check()
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
        self.endLate()
    }

    /// Beyond the longest run there is, for everything else that a drain does.
    private static let drainReserve = Duration.seconds(30)

    /// The last resort, on no thread of the data path: a loop that is stuck in a call of the system never ends by
    /// itself.
    private func endLate() {
        let limit = self.longestRun.withLock { $0 } + Self.drainReserve
        Task.detached { [logger] in
            try await Task.sleep(for: limit)
            logger.critical(
                "the host does not end by itself and is ended; what is not settled is delivered again",
                metadata: ["after": "\(limit.words)"]
            )
            exit(1)
        }
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
            addresses: self.broker.addresses,
            name: "warren intake",
            loop: loop,
            logger: self.logger
        )
        let copies = CopyBuilder(names: TopologyNames(namespace: self.namespace), host: HostName.current)
        let settler = try Settler(broker: self.broker, copies: copies, loop: loop, logger: self.logger)
        let report = StatusReport(logger: self.logger)
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
                        report.expect(deployment.manifests.flatMap(\.consumers).map(\.manifest.label))
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
    /// After this long whatever runs has been ended by its own deadline.
    fileprivate var longestRun: Duration {
        switch self {
        case .function(let function):
            // A batch waits for its last event, and its time may begin anew with it.
            let batch = function.manifest.batch.map { $0.wait + function.manifest.timeout } ?? .zero
            return batch + function.manifest.timeout + function.manifest.timeoutGrace
        case .webhook(let webhook):
            // A request, another access token, and the request again.
            return webhook.manifest.consumer.timeout * 3
        }
    }
}
