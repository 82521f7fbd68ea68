import AMQP
import ArgumentParser

/// `warren run`: the host, on a broker that somebody else runs.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the functions and webhooks of all manifests until SIGTERM or SIGINT.",
        discussion: """
            Edited manifests and new builds of bundles take effect while it runs; SIGHUP makes it look at once, and \
            try again what could not be started.

            The first SIGTERM or SIGINT drains: intake stops, running invocations end and are settled, exit code 0. \
            A second one stops at once; what was running is delivered again.
            """
    )

    @OptionGroup var brokerOptions: BrokerOptions
    @OptionGroup var manifestOptions: ManifestOptions
    @OptionGroup var deliveryOptions: DeliveryOptions
    @OptionGroup var logOptions: LogOptions

    func run() async throws {
        let addresses = try self.brokerOptions.addresses()
        try await HostCommand(
            addresses: addresses,
            namespace: self.brokerOptions.namespace,
            manifestOptions: self.manifestOptions,
            deliveryOptions: self.deliveryOptions,
            logOptions: self.logOptions,
            endsWithTerminal: false
        ).run()
    }
}
