import ArgumentParser
import FoundationEssentials
import Manifests

/// The options that name the directories of manifests and bundles.
struct ManifestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The directory with the manifests.", valueName: "dir"))
    var manifests = "manifests"

    @Option(
        help: ArgumentHelp(
            "The directory with the bundles. (default: beside the warren executable)",
            valueName: "dir"
        )
    )
    var bundles: String?

    /// The directory with the bundles.
    var bundleDirectory: String {
        if let bundles = self.bundles { return bundles }
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "./warren"
        return executable.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    /// Returns the path of a bundle's executable, as an absolute path so that it stays valid if the working directory
    /// changes.
    func executable(ofBundle bundle: String) -> String {
        let path = "\(self.bundleDirectory)/\(bundle)"
        return path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    /// Reads and checks all manifests. If there are problems, prints all of them and ends the command with exit code 2
    /// before anything is declared.
    func load(namespace: String, json: Bool) throws -> [Manifest] {
        let (manifests, problems) = self.read(namespace: namespace)
        try Self.report(problems, json: json)
        return manifests
    }

    /// Reads the manifests. Returns those that are valid in themselves, and the problems of all.
    func read(namespace: String) -> (manifests: [Manifest], problems: [ManifestProblem]) {
        let loaded = ManifestLoader.load(directory: self.manifests)
        return (loaded.manifests, loaded.problems + ManifestCheck.problems(in: loaded.manifests, namespace: namespace))
    }

    /// Prints the problems, if there are any, and ends the command.
    static func report(_ problems: [ManifestProblem], json: Bool) throws {
        guard !problems.isEmpty else { return }
        if json {
            Terminal.print(
                json: problems.sorted().map { problem in
                    ProblemReport(
                        file: problem.file,
                        line: problem.line,
                        column: problem.column,
                        what: problem.what,
                        remedy: problem.remedy
                    )
                }
            )
        } else {
            for problem in problems.sorted() { Terminal.error("\(problem)") }
        }
        throw CommandExit.manifestsInvalid
    }

    private struct ProblemReport: Encodable {
        let file: String
        let line: Int
        let column: Int
        let what: String
        let remedy: String
    }
}
