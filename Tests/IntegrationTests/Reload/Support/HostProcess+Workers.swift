import Glibc
import Waiting

extension HostProcess {
    var facts: ProcessFacts { ProcessFacts(self.warren.process) }

    /// The workers of a function of a `Draft`, those that end included.
    func workers(of function: String) -> [ProcessFacts] {
        self.facts.children.filter { $0.environment["FUNCTION"] == function }
    }

    /// The processes of a function's workers.
    func processes(of function: String) -> Set<pid_t> { Set(self.workers(of: function).map(\.process)) }

    /// Waits until all workers of a function are of a version, and there are as many as there should be.
    @discardableResult
    func runs(_ function: String, version: Int, workers count: Int = 1) async throws -> [ProcessFacts] {
        var workers: [ProcessFacts] = []
        try await Waiting.wait(
            for: "version \(version) of \(function)",
            found: {
                let found = workers.map { "\($0.process): version \($0.environment["VERSION"] ?? "none")" }
                return "\(found)\n" + self.log.suffix(20).map { "\($0.fields)" }.joined(separator: "\n")
            },
            until: {
                workers = self.workers(of: function)
                return workers.count == count && workers.allSatisfy { $0.environment["VERSION"] == "\(version)" }
            }
        )
        return workers
    }

    /// How often the log says something about a function.
    func count(_ message: String, of function: String) -> Int {
        self.log.count { $0.message == message && $0["function"] == function }
    }

    /// How often a function was switched to a new version.
    func switches(of function: String) -> Int { self.count("switched to the new version", of: function) }

    /// Waits until a function has been switched so often.
    func hasSwitched(_ function: String, times: Int) async throws {
        try await self.wait(for: "switch \(times) of \(function)") { _ in self.switches(of: function) >= times }
    }
}
