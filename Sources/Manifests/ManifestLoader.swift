/// Reads the manifests of a directory, and reports all their problems at once.
package enum ManifestLoader {
    /// The largest manifest file, in bytes.
    package static let maximumFileSize = 1024 * 1024

    /// Reads every `*.yaml` and `*.yml` file directly in the directory, in the order of their names. Files whose names
    /// start with a dot are skipped; a directory without manifests is not a problem here.
    ///
    /// - Returns: the manifests that are valid on their own, and the sorted problems of all others. A host that starts
    ///   refuses to run if there is a problem; a running host keeps its manifests. `ManifestCheck` makes the checks
    ///   across several manifests.
    package static func load(directory: String) -> (manifests: [Manifest], problems: [ManifestProblem]) {
        let files: [String]
        do throws(BoundedFile.Problem) {
            files = try self.files(in: directory)
        } catch {
            let problem = ManifestProblem(
                at: .start(of: directory),
                what: "the directory of manifests cannot be used: \(error)",
                remedy: error.isTransient ? TransientError.remedy : "create it, or name another one with --manifests",
                isTransient: error.isTransient
            )
            return ([], [problem])
        }
        var manifests: [Manifest] = []
        var problems: [ManifestProblem] = []
        for file in files {
            let loaded = self.load(file: file)
            manifests += loaded.manifests
            problems += loaded.problems
        }
        return (manifests, problems.sorted())
    }

    /// The paths of the manifest files in a directory, sorted; `nil` when the directory cannot be listed.
    package static func paths(in directory: String) -> [String]? { try? self.files(in: directory) }

    private static func files(in directory: String) throws(BoundedFile.Problem) -> [String] {
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        return try BoundedFile.visibleNames(inDirectory: directory)
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            .sorted()
            .map { prefix + $0 }
    }

    /// Reads the documents of a text.
    ///
    /// - Parameters:
    ///   - text: one or more YAML documents, separated by `---`.
    ///   - file: the path that problems and manifests refer to.
    package static func parse(text: String, file: String) -> (manifests: [Manifest], problems: [ManifestProblem]) {
        self.parse(Array(text.utf8), problems: ProblemCollector(file: file))
    }

    private static func load(file: String) -> (manifests: [Manifest], problems: [ManifestProblem]) {
        do throws(BoundedFile.Problem) {
            let bytes = try BoundedFile.read(file, limit: self.maximumFileSize)
            // An empty file would remove everything that runs from it. It is far more likely that somebody is just
            // writing the file, or that a full disk has kept somebody from doing so.
            guard !bytes.isEmpty else { return ([], [self.emptyFile(file)]) }
            return self.parse(bytes, problems: ProblemCollector(file: file))
        } catch {
            let remedy =
                switch error {
                case .unreadable where error.isTransient: TransientError.remedy
                case .unreadable: "make it readable for the host, or remove it"
                case .notAFile: "rename it, or move it out of the directory of manifests"
                case .tooLarge: "split it into several files"
                }
            let what = "the manifest file cannot be used: \(error)"
            let problem = ManifestProblem(
                at: .start(of: file),
                what: what,
                remedy: remedy,
                isTransient: error.isTransient
            )
            return ([], [problem])
        }
    }

    private static func emptyFile(_ file: String) -> ManifestProblem {
        ManifestProblem(
            at: .start(of: file),
            what: "the manifest file is empty",
            remedy: "write a manifest, or delete the file"
        )
    }

    private static func parse(
        _ bytes: [UInt8],
        problems: ProblemCollector
    ) -> (manifests: [Manifest], problems: [ManifestProblem]) {
        guard var text = YAMLText.decode(bytes, problems: problems) else { return ([], problems.problems) }
        // Some editors put a byte order mark in front of UTF-8.
        if text.first == "\u{FEFF}" { text.removeFirst() }
        guard YAMLText.check(text, problems: problems) else { return ([], problems.problems) }
        let (documents, directives) = YAMLDocument.split(text)
        for line in directives {
            problems.report(
                "directives are refused",
                at: SourceLocation(file: problems.file, line: line + 1, column: 1),
                remedy: "remove the line that starts with '%'"
            )
        }
        let decoder = ManifestDecoder(problems: problems)
        let manifests = documents.compactMap { document -> Manifest? in
            let before = problems.problems.count
            let manifest = YAMLParser.parse(document, problems: problems).flatMap(decoder.decode)
            // A manifest about which something was reported may lack a part, even if the rest is fine.
            return problems.problems.count == before ? manifest : nil
        }
        return (manifests, problems.problems.sorted())
    }
}
