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
    }
}
