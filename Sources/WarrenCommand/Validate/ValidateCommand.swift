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
        let (manifests, problems) = self.manifestOptions.read(namespace: self.namespaceOption.namespace)
        let bundles = await BundleCatalog(self.manifestOptions).functions(ofBundles: Self.bundles(of: manifests))
        try ManifestOptions.report(
            problems + ManifestCheck.unknownHandlers(manifests, bundles: bundles),
            json: self.json
        )
        if self.json {
            Terminal.print(json: manifests.map(\.name))
        } else {
            Terminal.print("\(manifests.count) \(manifests.count == 1 ? "manifest is" : "manifests are") valid")
        }
    }

    private static func bundles(of manifests: [Manifest]) -> Set<String> {
        Set(
            manifests.compactMap { manifest in
                switch manifest {
                case .function(let function): function.handler.bundle
                case .webhook: nil
                }
            }
        )
    }
}
