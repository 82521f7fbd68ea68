package import Manifests

/// What runs and what shall run, and the next steps from the one to the other. Pure: it reads nothing, waits for
/// nothing and starts nothing.
///
/// The rules:
/// - A consumer whose version is unchanged is not touched.
/// - A file with a problem, in itself or with another file, changes nothing: what came from it before goes on, and so
///   does a change to it that is under way. Of two files in each other's way, the one that already runs wins.
/// - No consumer is removed while anything is wrong with any manifest or with their directory, or while the directory
///   is still being written: what seems gone may only have moved. A manifest that asks for other queues than before
///   stays as it was until then, as a whole.
/// - A version that cannot start is left alone until it differs or the operator asks for another try. Only what the
///   manifests ask for now is switched to: a change that they no longer ask for is cancelled.
/// - At most one step of a consumer is under way. One that is asked for again while it drains is added when it has
///   ended, and so is another that is to consume the same queue. When a manifest asks for other queues, their consumers
///   are added before those of the old queues are removed, so that no event falls in between. A deployment in which
///   that cannot be, because consumers wait for each other's queues, is refused: see `QueueStandoff`.
///
/// The host applies actions and confirms them on one thread. After it was given `.cancelChange`, a newer `.change` or
/// `.remove` it no longer switches to the older revision; a late confirmation of one is ignored.
package struct ReloadState: Sendable {
    private struct Version: Sendable {
        let consumer: ResolvedConsumer
        let revision: Int
    }

    private struct Entry: Sendable {
        var running: Version
        /// What is being switched to.
        var candidate: Version?
        /// The wanted version, when it could not be started.
        var rejected: ResolvedConsumer?
        var isLeaving = false
    }

    private var entries: [ConsumerKey: Entry] = [:]
    private var wanted = WantedManifests()
    private var lastRevision = 0
    /// What the operator has been told and is still so.
    private var refused: [String: [ManifestProblem]] = [:]
    private var held: Set<String> = []

    package init() {}

    /// The versions that run, those that drain included.
    package var running: [ConsumerKey: ResolvedConsumer] { self.entries.mapValues(\.running.consumer) }

    /// Whether a change or a removal waits for its confirmation.
    package var isChanging: Bool { self.entries.values.contains { $0.candidate != nil || $0.isLeaving } }

    /// What stands against manifests at present, sorted.
    package var problems: [ManifestProblem] { self.refused.values.flatMap(\.self).sorted() }

    /// Takes up a deployment.
    ///
    /// - Parameters:
    ///   - settled: the directory was not being written when it was read; if it was, the caller applies it again
    ///     when it no longer is.
    ///   - retryingRejected: versions that could not be started are tried again although they are the same.
    package mutating func apply(
        _ deployment: Deployment,
        settled: Bool,
        retryingRejected: Bool
    ) -> [ReloadAction] {
        let namespace = deployment.namespace
        let admission = Admission(
            deployment,
            wanted: self.wanted.manifests.values,
            running: Set(self.entries.keys)
        )
        let isSound = admission.refused.isEmpty
        let all = WantedManifests(admission.kept + admission.admitted, namespace: namespace)
        let (wanted, held) = isSound && settled ? (all, []) : self.holdingBack(all, admission, namespace)
        let reports = self.report(admission, directory: deployment.directory, held: isSound ? [] : held)
        self.wanted = wanted
        let keys = Set(self.wanted.consumers.keys).union(self.entries.keys).sorted()
        let steps = keys.flatMap { self.step(of: $0, retryingRejected: retryingRejected) }
        return reports + steps.filter { !$0.isRemoval } + steps.filter(\.isRemoval)
    }

    /// Follows the manifests that were found as far as no consumer is removed.
    ///
    /// - Returns: what is wanted, and the names of the manifests that stay as they were, because they would lose a
    ///   consumer or are gone.
    private func holdingBack(
        _ found: WantedManifests,
        _ admission: Admission,
        _ namespace: String
    ) -> (wanted: WantedManifests, staying: Set<String>) {
        var wanted = found
        var staying: [String: ResolvedManifest] = [:]
        // What stays may be in the way of another manifest that was found. Then that one stays as it was, too.
        while true {
            let losing = self.losing(by: wanted).filter { staying[$0.name] == nil }
            guard !losing.isEmpty else { break }
            for manifest in losing { staying[manifest.name] = manifest }
            let admitted = admission.admitted.filter { !Self.collides($0, staying.values, namespace) }
            wanted = WantedManifests(admission.kept + staying.values + admitted, namespace: namespace)
        }
        return (wanted, Set(staying.keys))
    }

    /// The manifests that would lose a consumer, or go themselves, if nothing but `wanted` were wanted.
    private func losing(by wanted: WantedManifests) -> [ResolvedManifest] {
        let lost = self.wanted.consumers.keys.filter { key in
            guard wanted.consumers[key] == nil, let entry = self.entries[key] else { return false }
            return !entry.isLeaving
        }
        let names = Set(lost.map(\.name))
        return self.wanted.manifests.values.filter { manifest in
            names.contains(manifest.name) || wanted.manifests[manifest.name] == nil
        }
    }

    /// The running version has been replaced by the revision.
    package mutating func switched(_ key: ConsumerKey, to revision: Int) -> [ReloadAction] {
        guard var entry = self.entries[key], let candidate = entry.candidate, candidate.revision == revision else {
            return []
        }
        entry.running = candidate
        entry.candidate = nil
        self.entries[key] = entry
        return []
    }

    /// The revision could not be started; the running version goes on.
    package mutating func rejected(_ key: ConsumerKey, revision: Int, reason: String) -> [ReloadAction] {
        guard var entry = self.entries[key], let candidate = entry.candidate, candidate.revision == revision else {
            return []
        }
        entry.rejected = candidate.consumer
        entry.candidate = nil
        self.entries[key] = entry
        return [.report(.rejected(key, reason: reason))]
    }

    /// The consumer has drained and ended.
    package mutating func removed(_ key: ConsumerKey) -> [ReloadAction] {
        guard let entry = self.entries[key], entry.isLeaving else { return [] }
        self.entries[key] = nil
        return self.wanted.consumers(of: key.queue).flatMap { self.step(of: $0, retryingRejected: false) }
    }

    private mutating func step(of key: ConsumerKey, retryingRejected: Bool) -> [ReloadAction] {
        guard var entry = self.entries[key] else { return self.addition(of: key) }
        guard !entry.isLeaving else { return [] }
        defer { self.entries[key] = entry }
        guard let wanted = self.wanted.consumers[key] else {
            let cancellation: [ReloadAction] = entry.candidate == nil ? [] : [.cancelChange(key)]
            entry.candidate = nil
            entry.isLeaving = true
            return cancellation + [.remove(key, self.reason(of: key))]
        }
        if wanted == entry.candidate?.consumer { return [] }
        if !retryingRejected, wanted == entry.rejected { return [] }
        entry.rejected = nil
        let needsNoChange = wanted == entry.running.consumer
        guard !needsNoChange, wanted.obstacle == nil else {
            let cancellation: [ReloadAction] = entry.candidate == nil ? [] : [.cancelChange(key)]
            entry.candidate = nil
            guard !needsNoChange, let obstacle = wanted.obstacle else { return cancellation }
            entry.rejected = wanted
            return cancellation + [.report(.rejected(key, reason: obstacle))]
        }
        let revision = self.nextRevision()
        entry.candidate = Version(consumer: wanted, revision: revision)
        return [.change(key, wanted, revision: revision)]
    }

    private mutating func addition(of key: ConsumerKey) -> [ReloadAction] {
        // Whoever drains may delete the queue in the end, or still hold events of it whose order matters.
        let isTaken = self.entries.keys.contains { $0.queue == key.queue }
        guard let wanted = self.wanted.consumers[key], !isTaken else { return [] }
        let revision = self.nextRevision()
        self.entries[key] = Entry(running: Version(consumer: wanted, revision: revision))
        return [.add(key, wanted, revision: revision)]
    }

    private func reason(of key: ConsumerKey) -> RemovedHow {
        let successors = self.successors(of: key)
        return successors.isEmpty ? .atOnce : .whenReplaced(by: successors)
    }

    /// The consumers of its manifest that are wanted now in its place, on other queues. Empty if its manifest is gone,
    /// and if its manifest wants its queue again: for itself, or for another partition, which then waits for its end.
    package func successors(of key: ConsumerKey) -> [ConsumerKey] { self.wanted.successors(of: key) }

    /// The consumer that is to consume the queue of one that goes; `nil` if none is.
    package func heir(of key: ConsumerKey) -> ResolvedConsumer? {
        self.wanted.consumers(of: key.queue).first.flatMap { self.wanted.consumers[$0] }
    }

    private mutating func nextRevision() -> Int {
        self.lastRevision += 1
        return self.lastRevision
    }

    /// Whether a manifest would get in the way of those that stay only because nothing may be removed now.
    private static func collides(
        _ manifest: ResolvedManifest,
        _ staying: some Sequence<ResolvedManifest>,
        _ namespace: String
    ) -> Bool {
        staying.contains { other in
            !ManifestCheck.problems(in: [other.claim, manifest.claim], namespace: namespace).isEmpty
        }
    }

    /// What is new to the operator.
    private mutating func report(_ admission: Admission, directory: String, held: Set<String>) -> [ReloadAction] {
        defer {
            self.refused = admission.refused
            self.held = held
        }
        let mended = self.refused.keys.filter { admission.refused[$0] == nil }.sorted()
        let running = Set(self.entries.filter { !$0.value.isLeaving }.keys.map(\.name))
        let refusals = admission.refused.sorted { $0.key < $1.key }.filter { self.refused[$0.key] != $0.value }
        return mended.map { .report(.mended(file: $0)) }
            + refusals.map { file, problems in
                let kept = admission.kept.filter { manifest in
                    (file == directory || manifest.file == file) && running.contains(manifest.name)
                }
                return .report(.refused(file: file, problems: problems, stillRunning: kept.map(\.name)))
            }
            + held.subtracting(self.held).sorted().map { .report(.removalHeld(name: $0)) }
    }
}

extension ReloadAction {
    fileprivate var isRemoval: Bool {
        switch self {
        case .remove: true
        case .add, .change, .cancelChange, .report: false
        }
    }
}
