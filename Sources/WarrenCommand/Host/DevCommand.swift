import AMQP
import ArgumentParser
import LocalBroker
import Logging

/// `warren dev`: the host with a private RabbitMQ node, unless a broker is named.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Runs the host with a private RabbitMQ node, or with the broker given.",
        discussion: "The node listens on 127.0.0.1 only and keeps its data in --data."
    )

    @OptionGroup var brokerOptions: BrokerOptions
    @OptionGroup var manifestOptions: ManifestOptions
    @OptionGroup var deliveryOptions: DeliveryOptions
    @OptionGroup var logOptions: LogOptions

    @Option(help: ArgumentHelp("Where the private node keeps its data. (default: .warren)", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("The private node's port. (default: a free one)", valueName: "port"))
    var port: Int?

    func validate() throws {
        if let port = self.port, !(1...65_535).contains(port) {
            throw ValidationError("--port must be a number from 1 to 65535")
        }
        // Whoever asks for a private node must not consume from a broker that a forgotten variable names.
        if let origin = self.brokerOptions.origin, self.data != nil || self.port != nil {
            throw ValidationError(
                "--data and --port are for a private node, and \(origin) names a broker; leave one or the other out"
            )
        }
    }

    func run() async throws {
        guard self.brokerOptions.origin == nil else {
            return try await self.host(try self.brokerOptions.addresses(), url: nil)
        }
        // The manifests are checked before the node is started: a mistake in them should show at once.
        _ = try self.manifestOptions.load(namespace: self.brokerOptions.namespace, json: self.logOptions.json)
        let logger = self.logOptions.logger()
        let data = self.data ?? ".warren"
        logger.info("starting a private RabbitMQ node", metadata: ["data": "\(data)"])
        let node: LocalBroker
        do throws(LocalBrokerError) {
            node = try await LocalBroker.start(dataDirectory: data, port: self.port) { line in
                logger.debug("\(line)")
            }
        } catch {
            Terminal.error("error: \(error)")
            throw CommandExit.brokerUnreachable
        }
        let keeper = Task { await NodeKeeper(node: node, logger: logger).keep() }
        func stop() async {
            keeper.cancel()
            await keeper.value
            await node.stop()
        }
        do {
            try await self.host(AMQPAddresses([node.url]), url: node.url)
        } catch {
            await stop()
            throw error
        }
        await stop()
    }

    private func host(_ addresses: AMQPAddresses, url: String?) async throws {
        var command = HostCommand(
            addresses: addresses,
            namespace: self.brokerOptions.namespace,
            manifestOptions: self.manifestOptions,
            deliveryOptions: self.deliveryOptions,
            logOptions: self.logOptions,
            endsWithTerminal: true
        )
        let json = self.logOptions.json
        if let url, !json {
            command.onStart = {
                Terminal.error(
                    """

                    Publish from another terminal:
                      warren publish order.placed --broker \(url) --data '{"orderID":"A-1","customer":"ada","items":[{"sku":"tea","quantity":1,"price":4.5}]}'

                    """
                )
            }
        }
        try await command.run()
    }
}
