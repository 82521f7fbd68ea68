package import Manifests

/// What the directories of manifests and bundles ask for at one moment.
package struct Deployment: Sendable {
    /// Queues without an explicit name get theirs from it.
    package let namespace: String
    /// The directory of manifests: the file of a problem of the directory itself.
    package let directory: String
    /// The manifests that are right by themselves, in the order in which they were loaded; of a file with problems,
    /// too. What is checked over several manifests is left to `ReloadState`, which knows what runs already.
    package let manifests: [ResolvedManifest]
    /// Of files that are empty or cannot be read or understood, or of the directory itself; sorted.
    package let problems: [ManifestProblem]
    /// Whether something could not be read that may be readable the next time although nobody changes it, see
    /// `TransientError`.
    package let isWorthRepeating: Bool

    package init(
        namespace: String,
        directory: String,
        manifests: [ResolvedManifest],
        problems: [ManifestProblem],
        isWorthRepeating: Bool = false
    ) {
        self.namespace = namespace
        self.directory = directory
        self.manifests = manifests
        self.problems = problems
        self.isWorthRepeating = isWorthRepeating
    }
}
