import ArgumentParser
import FoundationEssentials
import Manifests
import Workers

/// `warren validate`: checks manifests, and the bundles they name, without a broker.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks all manifests and the bundles they name. Needs no broker."
    )

    @OptionGroup var namespaceOption: NamespaceOption
    @OptionGroup var manifestOptions: ManifestOptions
    @Flag(help: "Print JSON instead of text for people.")
    var json = false

    func run() async throws {
        let (functions, problems) = self.manifestOptions.read(namespace: self.namespaceOption.namespace)
        let bundles = await BundleCatalog(self.manifestOptions).functions(
            ofBundles: Set(functions.map(\.handler.bundle))
        )
        try ManifestOptions.report(
            problems + ManifestCheck.unknownHandlers(functions.map(Manifest.function), bundles: bundles),
            json: self.json
        )
        if self.json {
            Terminal.print(json: functions.map(\.name))
        } else {
            Terminal.print("\(functions.count) \(functions.count == 1 ? "manifest is" : "manifests are") valid")
        }
    }
}
