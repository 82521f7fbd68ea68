import ArgumentParser
import Manifests
import Topology

/// `warren plan`: what the manifests need on the broker, without one.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Prints what would be declared on the broker. Needs no broker."
    )

    @OptionGroup var namespaceOption: NamespaceOption
    @OptionGroup var manifestOptions: ManifestOptions
    @Flag(help: "Print JSON instead of text for people.")
    var json = false

    func run() async throws {
        let functions = try self.manifestOptions.load(namespace: self.namespaceOption.namespace, json: self.json)
        let plan = TopologyPlanner.plan(functions, namespace: self.namespaceOption.namespace)
        guard self.json else { return Terminal.print("\(plan)") }
        let report = PlanReport(
            shared: plan.shared.map(\.summary),
            functions: plan.functions.map {
                PlanReport.Function(name: $0.name, queue: $0.queue, objects: $0.declarations.map(\.summary))
            }
        )
        Terminal.print(json: report)
    }

    private struct PlanReport: Encodable {
        struct Function: Encodable {
            let name: String
            let queue: String
            let objects: [String]
        }

        let shared: [String]
        let functions: [Function]
    }
}
