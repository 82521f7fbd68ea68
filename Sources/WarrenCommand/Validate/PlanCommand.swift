import ArgumentParser
import Manifests
import Topology

/// `warren plan`: prints what the manifests need on the broker, without connecting to one.
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
        let manifests = try self.manifestOptions.load(namespace: self.namespaceOption.namespace, json: self.json)
        let plan = TopologyPlanner.plan(manifests.flatMap(\.consumers), namespace: self.namespaceOption.namespace)
        guard self.json else { return Terminal.print("\(plan)") }
        let report = PlanReport(
            shared: plan.shared.map(\.summary),
            functions: PlanReport.consumers(of: plan, .function),
            webhooks: PlanReport.consumers(of: plan, .webhook)
        )
        Terminal.print(json: report)
    }

    private struct PlanReport: Encodable {
        struct Consumer: Encodable {
            let name: String
            let partition: Int?
            let queue: String
            let objects: [String]
        }

        let shared: [String]
        let functions: [Consumer]
        let webhooks: [Consumer]

        static func consumers(of plan: TopologyPlan, _ kind: ManifestKind) -> [Consumer] {
            plan.consumers.filter { $0.kind == kind }.map {
                Consumer(
                    name: $0.name,
                    partition: $0.partition,
                    queue: $0.queue,
                    objects: $0.declarations.map(\.summary)
                )
            }
        }
    }
}
