import Manifests

/// Which files of a deployment are taken up and which are refused, as a whole: half a file is no version of it.
struct Admission {
    /// What the good files ask for.
    private(set) var admitted: [ResolvedManifest] = []
    /// What was wanted from the refused files before; it stays wanted. All of it if the directory is of no use. In the
    /// order of the names.
    private(set) var kept: [ResolvedManifest] = []
    /// What is wrong, by the file that is refused for it.
    private(set) var refused: [String: [ManifestProblem]] = [:]

    private let namespace: String
    private let running: Set<ConsumerKey>

    /// - Parameters:
    ///   - wanted: what was wanted until now; its manifests go together.
    ///   - running: the consumers that are there, those that drain included.
    init(_ deployment: Deployment, wanted: some Sequence<ResolvedManifest>, running: Set<ConsumerKey>) {
        self.namespace = deployment.namespace
        self.running = running
        self.refuse(deployment.problems) { $0.file }
        let wanted = wanted.sorted { $0.name < $1.name }
        // Every round refuses another file, or is the last. A refused file may keep a manifest whose name or queue a
        // good one wants: what runs wins.
        while true {
            self.kept = wanted.filter { self.refused[$0.file] != nil || self.refused[deployment.directory] != nil }
            let manifests = deployment.manifests.filter { self.refused[$0.file] == nil }
            guard self.refuseConflicts(of: manifests) || self.refuseStandoffs(of: manifests) else {
                self.admitted = manifests
                return
            }
        }
    }

    /// - Returns: whether another file is refused now.
    private mutating func refuseConflicts(of manifests: [ResolvedManifest]) -> Bool {
        let problems = self.problems(in: self.kept + manifests)
        guard !problems.isEmpty else { return false }
        let files = Set(manifests.map(\.file))
        let located = problems.filter { files.contains($0.file) }
        if !located.isEmpty {
            self.refuse(located) { $0.file }
            return true
        }
        // It is located in what is kept, so the file to refuse is the one that gets in its way.
        let before = self.refused.count
        for file in files {
            let conflict = self.problems(in: self.kept + manifests.filter { $0.file == file })
            if !conflict.isEmpty { self.refuse(conflict) { _ in file } }
        }
        return self.refused.count > before
    }

    /// - Returns: whether another file is refused now.
    private mutating func refuseStandoffs(of manifests: [ResolvedManifest]) -> Bool {
        let wanted = WantedManifests(self.kept + manifests, namespace: self.namespace)
        let members = QueueStandoff(running: self.running, wanted: wanted).members
        let names = Set(members.map(\.name))
        let problems = manifests.filter { names.contains($0.name) }.compactMap { manifest -> ManifestProblem? in
            guard let consumer = manifest.consumers.first?.manifest else { return nil }
            let others = members.filter { $0.name != manifest.name }.map { "'\($0.label)'" }.joined(separator: ", ")
            return ManifestProblem(
                at: consumer.locations.queue,
                what: "'\(manifest.name)' and \(others) are to take each other's queues, and none can give up its own "
                    + "first",
                remedy: "give one of them a queue of a new name first"
            )
        }
        self.refuse(problems) { $0.file }
        return !problems.isEmpty
    }

    private func problems(in manifests: [ResolvedManifest]) -> [ManifestProblem] {
        ManifestCheck.problems(in: manifests.map(\.claim), namespace: self.namespace)
    }

    private mutating func refuse(_ problems: [ManifestProblem], for file: (ManifestProblem) -> String) {
        for problem in problems { self.refused[file(problem), default: []].append(problem) }
    }
}
