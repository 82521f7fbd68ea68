import Manifests
import Testing
import Topology

struct PlanTextTests {
    /// The repository's root, from where this file stands.
    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    @Test func `the plan of the repository's manifests reads as written here`() throws {
        let (manifests, problems) = ManifestLoader.load(directory: Self.root + "/manifests")
        #expect(problems == [])
        let functions = manifests.compactMap { if case .function(let function) = $0 { function } else { nil } }
        let lines = TopologyPlanner.plan(functions, namespace: "warren").description.split(separator: "\n")
        let expected = Self.golden.split(separator: "\n")
        for line in lines { print("GOLD " + line) }
        #expect(lines.count == expected.count)
    }

    private static let golden = """
        """
}
