import AMQP
import Glibc
import Logging
import Manifests
import Messaging
import ServiceLifecycle
import Topology
import UnixSignals

/// The part that `run` and `dev` share: checks the manifests, connects to the broker, and runs the host until a signal.
struct HostCommand {
    let addresses: AMQPAddresses
    let namespace: String
    let manifestOptions: ManifestOptions
    let deliveryOptions: DeliveryOptions
    let logOptions: LogOptions
    /// Whether SIGHUP drains the host, instead of reloading the manifests, once the terminal that it was started in is
    /// gone.
    let endsWithTerminal: Bool
    /// Called when the broker has been reached and the host is about to run.
    var onStart: @Sendable () -> Void = {}

    func run() async throws {
        // Neither a closed log pipe nor a worker that has closed its socket may end the host.
        signal(SIGPIPE, SIG_IGN)
        // A SIGHUP that arrives before the host listens has nothing to reload yet.
        signal(SIGHUP, SIG_IGN)
        let writer = try self.logOptions.writer()
        do {
            try await self.serve(self.logOptions.logger(to: writer))
        } catch {
            await writer.flush()
            throw error
        }
        await writer.flush()
    }

    private func serve(_ logger: Logger) async throws {
        let manifests = try self.manifestOptions.load(namespace: self.namespace, json: self.logOptions.json)
        if manifests.isEmpty {
            logger.warning(
                "there are no manifests: nothing will run",
                metadata: ["directory": "\(self.manifestOptions.manifests)"]
            )
        }
        let broker = try AMQPBroker(addresses: self.addresses, name: "warren", logger: logger)
        do throws(BrokerError) {
            try await broker.declare([])
        } catch {
            await broker.close(within: .zero)
            Terminal.error("error: \(error)")
            throw CommandExit.code(for: error)
        }
        let host = Host(
            manifestOptions: self.manifestOptions,
            namespace: self.namespace,
            broker: broker,
            deliveries: try self.deliveryOptions.configuration(),
            logger: logger
        )
        // Must precede the log line that the host has started, so that no signal is lost in between.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        logger.info(
            "host started",
            metadata: StatusReport.counts(of: manifests)
                .merging(["broker": "\(self.addresses)", "namespace": "\(self.namespace)"]) { $1 }
        )
        self.onStart()
        try await self.run(host, until: signals, logger)
        await broker.close(within: .seconds(1))
    }

    private func run(_ host: Host, until signals: UnixSignalsSequence, _ logger: Logger) async throws {
        let impatience = Task {
            var count = 0
            for await _ in signals {
                count += 1
                // `ServiceGroup` handles the first signal. It is handled here, too, in case it arrived before the group
                // listened.
                if count == 1 { host.drain() } else { host.stopAtOnce() }
            }
        }
        defer { impatience.cancel() }
        let hadTerminal = Terminal.controls
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let reloading = Task { [endsWithTerminal] in
            for await _ in hangups {
                if endsWithTerminal, hadTerminal, !Terminal.controls { host.drain() } else { host.reload() }
            }
        }
        defer { reloading.cancel() }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: host, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet
            )
        )
        try await group.run()
        if host.wasStoppedAtOnce { throw CommandExit.failed }
    }
}
