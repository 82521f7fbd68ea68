import AMQP
import ArgumentParser

/// The options that name the broker and the namespace on it.
struct BrokerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's address: amqp:// or amqps://; repeated: the nodes of a cluster. A password on the command line "
                + "can be seen by others; prefer WARREN_BROKER or WARREN_BROKER_FILE. (default: $WARREN_BROKER, with "
                + "commas between several and a comma within one written as %2C; the lines of the file named by "
                + "$WARREN_BROKER_FILE; amqp://guest:guest@127.0.0.1:5672/)",
            valueName: "url"
        )
    )
    var broker: [String] = []

    @OptionGroup var namespaceOption: NamespaceOption

    var namespace: String { self.namespaceOption.namespace }

    /// What names a broker: the option, or a variable that is not empty; nil when nothing does.
    var origin: String? {
        if !self.broker.isEmpty { return "--broker" }
        return ["WARREN_BROKER", "WARREN_BROKER_FILE"].first { HostName.variable($0) != nil }
    }

    /// The broker's addresses, from the first source that is given. Never print them as they are: they may contain
    /// passwords.
    func addresses() throws -> AMQPAddresses {
        var origin = "the default"
        let variable = HostName.variable("WARREN_BROKER")
        let file = self.broker.isEmpty && variable == nil ? HostName.variable("WARREN_BROKER_FILE") : nil
        let lines = try file.map(Self.lines)
        do throws(AMQPAddress.Problem) {
            if !self.broker.isEmpty {
                origin = "--broker"
                return try AMQPAddresses(self.broker)
            }
            if let variable {
                origin = "WARREN_BROKER"
                return try AMQPAddresses(commaSeparated: variable)
            }
            if let file, let lines {
                origin = "the file \(file)"
                return try AMQPAddresses(lines)
            }
            return try AMQPAddresses(["amqp://guest:guest@127.0.0.1:5672/"])
        } catch {
            throw ValidationError("\(origin): \(error)")
        }
    }

    /// The lines that are not blank.
    private static func lines(of file: String) throws -> [String] {
        let content: String
        do {
            content = try InputFile.text(file)
        } catch let problem as ValidationError {
            throw ValidationError("WARREN_BROKER_FILE: \(problem.message)")
        }
        return content.split(whereSeparator: \.isNewline).map(String.init)
            .filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
