/// The checks over several manifests, which no single file can show.
package enum ManifestCheck {
    /// Finds manifests that get in each other's way, or in the way of the runtime's own objects on the broker.
    ///
    /// - Parameters:
    ///   - manifests: all of them, in the order in which they were loaded: of two with the same name the second is
    ///     the wrong one.
    ///   - namespace: the host's namespace, of which queues without an explicit name get theirs.
    /// - Returns: the problems, sorted; what to do about them is as for `ManifestLoader.load`.
    package static func problems(in manifests: [Manifest], namespace: String) -> [ManifestProblem] {
        var problems: [ManifestProblem] = []
        var names: [String: SourceLocation] = [:]
        var queues: [String: ConsumerManifest] = [:]
        for manifest in manifests {
            let consumer = manifest.consumer
            if let first = names[consumer.name] {
                problems.append(self.duplicateName(consumer, first: first))
                // Both queues take their names from the manifests', so they collide too. One report is enough.
                continue
            }
            names[consumer.name] = consumer.locations.name
            let queue = consumer.queueName(namespace: namespace)
            if let first = queues[queue] {
                problems.append(self.duplicateQueue(queue, of: consumer, first: first))
            } else {
                queues[queue] = consumer
            }
            problems += NameCheck(names: TopologyNames(namespace: namespace)).problems(of: consumer)
        }
        for (queue, consumer) in queues {
            guard queue.hasSuffix(TopologyNames.deadLetterSuffix),
                let owner = queues[String(queue.dropLast(TopologyNames.deadLetterSuffix.count))]
            else { continue }
            problems.append(
                ManifestProblem(
                    at: consumer.locations.queue,
                    what: "the queue '\(queue)' is the one for the dead letters of '\(owner.name)'",
                    remedy: "choose a name that does not end in '\(TopologyNames.deadLetterSuffix)'"
                )
            )
        }
        return problems.sorted()
    }

    private static func duplicateName(_ second: ConsumerManifest, first: SourceLocation) -> ManifestProblem {
        ManifestProblem(
            at: second.locations.name,
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
            what: "the queue '\(queue)' is taken by '\(first.name)' at \(first.locations.queue)",
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
