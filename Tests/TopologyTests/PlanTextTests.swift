import FoundationEssentials
import Manifests
import Testing
import Topology

struct PlanTextTests {
    private static let directory = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }

    /// Names the first line that differs; a whole plan is too long to be compared by eye.
    @Test func `the plan of the repository's manifests reads as in the golden file`() throws {
        let (manifests, problems) = ManifestLoader.load(directory: Self.directory + "/../../manifests")
        #expect(problems == [])
        let plan = TopologyPlanner.plan(manifests.flatMap(\.consumers), namespace: "warren")
        let lines = plan.description.split(separator: "\n")
        let text = try String(contentsOfFile: Self.directory + "/plan.golden.txt", encoding: .utf8)
        let golden = text.split(separator: "\n")
        for (line, wanted) in zip(lines, golden) { #expect(line == wanted) }
        #expect(lines.count == golden.count)
    }
}
