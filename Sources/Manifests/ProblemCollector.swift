/// Collects the problems of one file while its documents are read, so that one mistake never hides the next.
final class ProblemCollector {
    let file: String
    private(set) var problems: [ManifestProblem] = []

    init(file: String) {
        self.file = file
    }

    func report(_ what: String, at location: SourceLocation, remedy: String) {
        self.problems.append(ManifestProblem(at: location, what: what, remedy: remedy))
    }
}
