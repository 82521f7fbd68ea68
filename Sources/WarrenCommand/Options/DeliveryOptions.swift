import ArgumentParser
import Webhooks

/// The options with which the host's operator controls what webhooks may reach.
struct DeliveryOptions: ParsableArguments {
    @Option(
        name: .customLong("allow-network"),
        help: ArgumentHelp(
            "Lets webhooks deliver into a network that is not on the public Internet, such as 127.0.0.0/8 or 10.1.2.3; "
                + "may be repeated.",
            valueName: "cidr"
        )
    )
    var allowedNetworks: [String] = []

    @Flag(
        help: """
            Let webhooks use the proxy that https_proxy and http_proxy name. The proxy then decides where deliveries go: \
            only its own address is checked.
            """
    )
    var proxyFromEnvironment = false

    mutating func validate() throws { _ = try self.networks() }

    private func networks() throws -> [Network] {
        try self.allowedNetworks.map { text in
            do throws(Network.Problem) {
                return try Network(text)
            } catch {
                throw ValidationError("--allow-network: \(error)")
            }
        }
    }

    func configuration() throws -> HTTPClient.Configuration {
        HTTPClient.Configuration(
            addresses: AddressGuard(allowing: try self.networks()),
            usesProxyOfEnvironment: self.proxyFromEnvironment
        )
    }
}
