import Manifests

/// Which files of a deployment are taken up and which are refused, as a whole: half a file is no version of it.
struct Admission {
    /// What the good files ask for.
    private(set) var admitted: [FunctionKey: ResolvedFunction] = [:]
    /// What was wanted from the refused files before; it stays wanted. All of it if the directory is of no use.
    private(set) var kept: [FunctionKey: ResolvedFunction] = [:]
    /// What is wrong, by the file that is refused for it.
    private(set) var refused: [String: [ManifestProblem]] = [:]

    private let namespace: String

    /// - Parameter wanted: what was wanted until now; its manifests go together.
    init(_ deployment: Deployment, wanted: [FunctionKey: ResolvedFunction]) {
        self.namespace = deployment.namespace
        self.refuse(deployment.problems) { $0.file }
        // Every round refuses another file, or is the last. A refused file may keep a function whose name or queue a
        // good one wants: what runs wins.
        while true {
            self.kept = wanted.filter {
                self.refused[$0.value.file] != nil || self.refused[deployment.directory] != nil
            }
            let functions = deployment.functions.filter { self.refused[$0.file] == nil }
            guard self.refuseConflicts(of: functions) else {
                for function in functions { self.admitted[function.key(namespace: self.namespace)] = function }
                return
            }
        }
    }

    /// - Returns: whether another file is refused now.
    private mutating func refuseConflicts(of functions: [ResolvedFunction]) -> Bool {
        let kept = self.kept.sorted { $0.key < $1.key }.map(\.value)
        let problems = self.problems(in: kept + functions)
        guard !problems.isEmpty else { return false }
        let files = Set(functions.map(\.file))
        let located = problems.filter { files.contains($0.file) }
        if !located.isEmpty {
            self.refuse(located) { $0.file }
            return true
        }
        // It is located in what is kept, so the file to refuse is the one that gets in its way.
        let before = self.refused.count
        for file in files {
            let conflict = self.problems(in: kept + functions.filter { $0.file == file })
            if !conflict.isEmpty { self.refuse(conflict) { _ in file } }
        }
        return self.refused.count > before
    }

    private func problems(in functions: [ResolvedFunction]) -> [ManifestProblem] {
        ManifestCheck.problems(in: functions.map { .function($0.manifest) }, namespace: self.namespace)
    }

    private mutating func refuse(_ problems: [ManifestProblem], for file: (ManifestProblem) -> String) {
        for problem in problems { self.refused[file(problem), default: []].append(problem) }
    }
}

extension ResolvedFunction {
    /// The manifest file that asked for this version.
    var file: String { self.manifest.source.file }
}
