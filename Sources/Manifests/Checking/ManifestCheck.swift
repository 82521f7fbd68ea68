/// The checks over several manifests, which no single file can show.
package enum ManifestCheck {
    /// Finds manifests that get in each other's way, or in the way of the runtime's own objects on the broker.
    ///
    /// - Parameters:
    ///   - claims: those of all manifests, in the order in which they were loaded: of two with the same name the
    ///     second is the wrong one.
    ///   - namespace: the host's namespace, of which queues without an explicit name get theirs.
    /// - Returns: the problems, sorted; what to do about them is as for `ManifestLoader.load`.
    package static func problems(in claims: [ManifestClaim], namespace: String) -> [ManifestProblem] {
        var problems: [ManifestProblem] = []
        var names: [String: SourceLocation] = [:]
        var queues: [String: ConsumerManifest] = [:]
        let check = NameCheck(names: TopologyNames(namespace: namespace))
        for claim in claims {
            if let first = names[claim.name] {
                problems.append(self.duplicateName(claim, first: first))
                // Both queues take their names from the manifests', so they collide too. One report is enough.
                continue
            }
            names[claim.name] = claim.nameLocation
            for consumer in claim.consumers {
                let queue = consumer.queueName(namespace: namespace)
                if let first = queues[queue] {
                    problems.append(self.duplicateQueue(queue, of: consumer, first: first))
                } else {
                    queues[queue] = consumer
                }
                problems += check.problems(of: consumer)
            }
        }
        for (queue, consumer) in queues {
            guard queue.hasSuffix(TopologyNames.deadLetterSuffix),
                let owner = queues[String(queue.dropLast(TopologyNames.deadLetterSuffix.count))]
            else { continue }
            problems.append(
                ManifestProblem(
                    at: consumer.locations.queue,
                    what: "the queue '\(queue)' is the one for the dead letters of '\(owner.label)'",
                    remedy: "choose a name that does not end in '\(TopologyNames.deadLetterSuffix)'"
                )
            )
        }
        return problems.sorted()
    }

    /// The same for manifests as they were loaded.
    package static func problems(in manifests: [Manifest], namespace: String) -> [ManifestProblem] {
        self.problems(in: manifests.map { ManifestClaim($0) }, namespace: namespace)
    }

    private static func duplicateName(_ second: ManifestClaim, first: SourceLocation) -> ManifestProblem {
        ManifestProblem(
            at: second.nameLocation,
            what: "the name '\(second.name)' is taken by the manifest at \(first)",
            remedy: "rename one of them"
        )
    }

    private static func duplicateQueue(
        _ queue: String,
        of second: ConsumerManifest,
        first: ConsumerManifest
    ) -> ManifestProblem {
        ManifestProblem(
            at: second.locations.queue,
            what: "the queue '\(queue)' is taken by '\(first.label)' at \(first.locations.queue)",
            remedy: "give each manifest a queue of its own, or events go to only one of the two"
        )
    }

    /// Finds handlers that no bundle has. Pure: the command finds out which bundles there are.
    ///
    /// - Parameters:
    ///   - manifests: all that are to run.
    ///   - bundles: the functions that each bundle registers, by the bundle's name.
    /// - Returns: the problems, sorted, each at its `handler:`.
    package static func unknownHandlers(
        _ manifests: [Manifest],
        bundles: [String: Set<String>]
    ) -> [ManifestProblem] {
        manifests.compactMap { manifest -> ManifestProblem? in
            switch manifest {
            case .function(let function): self.unknownHandler(function, bundles: bundles)
            case .webhook: nil
            }
        }.sorted()
    }

    private static func unknownHandler(
        _ function: FunctionManifest,
        bundles: [String: Set<String>]
    ) -> ManifestProblem? {
        let handler = function.handler
        guard let functions = bundles[handler.bundle] else {
            let remedy =
                bundles.isEmpty
                ? "build one; the directory of bundles holds none"
                : Spelling.suggestion(for: handler.bundle, among: bundles.keys, label: "known bundles")
            return ManifestProblem(
                at: function.locations.target,
                what: "there is no bundle '\(handler.bundle)'",
                remedy: remedy
            )
        }
        guard !functions.contains(handler.function) else { return nil }
        let remedy =
            functions.isEmpty
            ? "list it in the bundle's 'functions'; the bundle registers none"
            : Spelling.suggestion(for: handler.function, among: functions, label: "functions of '\(handler.bundle)'")
        return ManifestProblem(
            at: function.locations.target,
            what: "the bundle '\(handler.bundle)' has no function '\(handler.function)'",
            remedy: remedy
        )
    }
}
