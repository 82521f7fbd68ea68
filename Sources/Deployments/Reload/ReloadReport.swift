package import Manifests

/// What an operator is told about a reload, each once, until it has changed.
package enum ReloadReport: Sendable, Equatable {
    /// A file of manifests, or their whole directory, has problems, so nothing that comes from it was changed.
    /// `stillRunning`: the names of the manifests whose consumers go on as they were.
    case refused(file: String, problems: [ManifestProblem], stillRunning: [String])
    /// A file that was refused is good again, or gone.
    case mended(file: String)
    /// A version could not be started; the running one goes on until the version differs.
    case rejected(ConsumerKey, reason: String)
    /// A manifest is gone, or asks for other queues, but what ran for it goes on while manifests have problems: it may
    /// only have moved to a file that cannot be read now.
    case removalHeld(name: String)
}

extension ReloadReport {
    /// The lines that are logged.
    package var lines: [String] {
        switch self {
        case .refused(let file, let problems, let stillRunning):
            let rest =
                stillRunning.isEmpty
                ? "" : "; what was deployed before goes on: \(stillRunning.joined(separator: ", "))"
            return ["\(file) is refused and changes nothing\(rest)"] + problems.map(\.description)
        case .mended(let file):
            return ["\(file) is refused no more"]
        case .rejected(let key, let reason):
            return [
                "the new version of \(key.label) cannot start and the running one goes on: \(reason); mend it, or send "
                    + "SIGHUP to try it again"
            ]
        case .removalHeld(let name):
            return ["\(name) goes on as it was until no manifest has problems: its own is gone, or names another queue"]
        }
    }
}
