import Deployments
import EventLoops
import Invoking
import Logging
import Processing
import Webhooks
import Workers

/// Creates the invokers of consumers. Confined to the intake loop.
final class InvokerFactory {
    private let loop: EventLoop
    private let deliveries: HTTPClient.Configuration
    /// The HTTP client, which is started with the first webhook: a host without webhooks needs neither its thread nor
    /// its memory.
    private var client: HTTPClient?

    init(loop: EventLoop, deliveries: HTTPClient.Configuration) {
        self.loop = loop
        self.deliveries = deliveries
    }

    deinit { self.client?.stop() }

    func invoker(_ consumer: ResolvedConsumer, _ logger: Logger) -> any Invoker {
        do throws(SystemError) {
            switch consumer.workload {
            case .function(let function): return self.invoker(function, logger)
            case .webhook(let webhook): return try self.invoker(webhook, logger)
            }
        } catch {
            return UnavailableInvoker(reason: "\(error)")
        }
    }

    private func invoker(_ version: ResolvedFunction, _ logger: Logger) -> any Invoker {
        switch (version.environment, version.bundle, version.user) {
        case (.complete(let environment), .found(let build), .ofHost),
            (.complete(let environment), .found(let build), .other):
            var launch = WorkerLaunch(version.manifest, executable: build.path, environment: environment)
            launch.build = build
            launch.user = version.user.account
            return WorkerPool(launch: launch, loop: self.loop, clock: .system, logger: logger)
        case (.incomplete, _, _), (_, .missing, _), (_, _, .unavailable):
            return UnavailableInvoker(reason: version.obstacle ?? "its environment, bundle or user is missing")
        }
    }

    private func invoker(_ version: ResolvedWebhook, _ logger: Logger) throws(SystemError) -> any Invoker {
        switch version.credentials {
        case .complete(let credentials):
            return try WebhookInvoker(
                version.manifest,
                credentials: credentials,
                client: try self.startedClient(),
                loop: self.loop,
                clock: .system,
                logger: logger
            )
        case .incomplete(let reason):
            return UnavailableInvoker(reason: reason)
        }
    }

    private func startedClient() throws(SystemError) -> HTTPClient {
        if let client = self.client { return client }
        let client = try HTTPClient(self.deliveries)
        self.client = client
        return client
    }
}
