import ArgumentParser
import Deployments
import EventLoops
import Logging
import Manifests
import Messaging
import Processing
import Webhooks

/// `warren webhook ping`: one test delivery, as the host would make it, without a broker.
struct WebhookPingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping",
        abstract: "Makes one test delivery to a webhook's endpoint, without a broker, and prints the result.",
        discussion: "Exit code 0 when the endpoint accepts it, 1 otherwise. Nothing is retried."
    )

    @Argument(help: "The manifest's name.")
    var webhook: String

    @OptionGroup var namespaceOption: NamespaceOption
    @OptionGroup var manifestOptions: ManifestOptions
    @OptionGroup var deliveryOptions: DeliveryOptions
    @OptionGroup var logOptions: LogOptions

    @Option(help: "The payload.")
    var data = #"{"message":"a test delivery of warren webhook ping"}"#
    @Option(help: "The routing key.")
    var key = "warren.ping"
    @Option(help: "The event's type. (default: the key)")
    var type: String?
    @Option(help: "The event's id. (default: a new UUID)")
    var id: String?

    func validate() throws {
        try ShortText.check([("--key", self.key), ("--type", self.type), ("--id", self.id)])
    }

    func run() async throws {
        let manifest = try self.manifest()
        let credentials: WebhookCredentials
        switch ResolvedWebhook(manifest, environment: HostName.environment).credentials {
        case .complete(let complete): credentials = complete
        case .incomplete(let reason):
            Terminal.error("error: \(reason)")
            throw CommandExit.failed
        }
        let client = try HTTPClient(self.deliveryOptions.configuration())
        defer { client.stop() }
        let logger = self.logOptions.logger()
        let result = await LocalRun.perform(
            LocalRun.delivery(
                id: self.id,
                type: self.type,
                key: self.key,
                source: "warren-webhook-ping",
                contentType: "application/json",
                payload: Array(self.data.utf8)
            ),
            attempt: 1,
            maxAttempts: manifest.retry.maxAttempts,
            makeInvoker: { loop throws(SystemError) in
                try WebhookInvoker(
                    manifest,
                    credentials: credentials,
                    client: client,
                    loop: loop,
                    clock: .system,
                    logger: logger
                )
            }
        )
        switch result {
        case .success(let result):
            try InvocationReport(result).finish(json: self.logOptions.json)
        case .failure(let failure):
            Terminal.error("not taken: \(PrintableText.line(failure.reason))")
            throw CommandExit.failed
        }
    }

    private func manifest() throws -> WebhookManifest {
        let manifests = try self.manifestOptions.load(
            namespace: self.namespaceOption.namespace,
            json: self.logOptions.json
        )
        var known: [String] = []
        for case .webhook(let webhook) in manifests {
            if webhook.name == self.webhook { return webhook }
            known.append(webhook.name)
        }
        throw ValidationError(
            "no webhook in \(self.manifestOptions.manifests) is named '\(self.webhook)'; "
                + (known.isEmpty ? "there is none" : "there are: \(known.joined(separator: ", "))")
        )
    }
}
