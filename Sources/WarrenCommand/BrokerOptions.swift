import AMQP
import ArgumentParser
import FoundationEssentials

/// Which broker, and which namespace on it.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's address: amqp:// or amqps://. A password on the command line can be seen by others; prefer "
                + "WARREN_BROKER or WARREN_BROKER_FILE. (default: $WARREN_BROKER, the first line of the file named "
                + "by $WARREN_BROKER_FILE, amqp://guest:guest@127.0.0.1:5672/)",
            valueName: "url"
        )
    )
    var broker: String?

    @OptionGroup var namespaceOption: NamespaceOption

    var namespace: String { self.namespaceOption.namespace }

    /// Whether somebody has named a broker, by option or environment.
    var isBrokerNamed: Bool {
        self.broker != nil || ProcessInfo.processInfo.environment["WARREN_BROKER"] != nil
            || ProcessInfo.processInfo.environment["WARREN_BROKER_FILE"] != nil
    }

    /// The address that holds. Never printed as it is: it may hold a password.
    func address() throws -> AMQPAddress {
        let environment = ProcessInfo.processInfo.environment
        let text: String
        let origin: String
        if let broker = self.broker {
            (text, origin) = (broker, "--broker")
        } else if let variable = environment["WARREN_BROKER"] {
            (text, origin) = (variable, "WARREN_BROKER")
        } else if let file = environment["WARREN_BROKER_FILE"] {
            guard let content = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw ValidationError("the file that WARREN_BROKER_FILE names, \(file), cannot be read")
            }
            let line = content.split(whereSeparator: \.isNewline).first ?? ""
            (text, origin) = (String(line), "the file \(file)")
        } else {
            (text, origin) = ("amqp://guest:guest@127.0.0.1:5672/", "the default")
        }
        do throws(AMQPAddress.Problem) {
            return try AMQPAddress(text)
        } catch {
            throw ValidationError("\(origin): \(error)")
        }
    }
}
