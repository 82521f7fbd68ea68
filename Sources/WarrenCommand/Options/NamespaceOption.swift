import ArgumentParser
import Manifests

/// The host's namespace on the broker.
struct NamespaceOption: ParsableArguments {
    @Option(help: ArgumentHelp("The first part of every name that is declared on the broker.", valueName: "name"))
    var namespace = "warren"

    mutating func validate() throws {
        do throws(ManifestName.Problem) {
            try ManifestName.check(self.namespace)
        } catch {
            throw ValidationError("--namespace: \(error)")
        }
        // AMQP 0-9-1, section 3.1.4.
        guard self.namespace != "amq", !self.namespace.hasPrefix("amq.") else {
            throw ValidationError("--namespace: names that begin with 'amq.' are the broker's own; choose another one")
        }
    }
}
