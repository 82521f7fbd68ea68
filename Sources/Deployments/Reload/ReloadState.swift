package import Manifests

/// What runs and what shall run, and the next steps from the one to the other. Pure: it reads nothing, waits for
/// nothing and starts nothing.
///
/// The rules:
/// - A function whose version is unchanged is not touched.
/// - A file with a problem, in itself or with another file, changes nothing: what came from it before goes on, and so
///   does a change to it that is under way. Of two files in each other's way, the one that already runs wins.
/// - Nothing is removed while anything is wrong with any manifest or with their directory, or while the directory is
///   still being written: what seems gone may only have moved.
/// - A version that cannot start is left alone until it differs or the operator asks for another try. Only what the
///   manifests ask for now is switched to: a change that they no longer ask for is cancelled.
/// - At most one step of a function is under way. One that is asked for again while it drains is added when it has
///   ended, and so is another that is to consume the same queue. One that moves to another queue is added under the
///   new one before the old one is removed, so that no event falls in between.
///
/// The host applies actions and confirms them on one thread. After it was given `.cancelChange`, a newer `.change` or
/// `.remove` it no longer switches to the older revision; a late confirmation of one is ignored.
package struct ReloadState: Sendable {
    private struct Version: Sendable {
        let function: ResolvedManifest
        let revision: Int
    }

    private struct Entry: Sendable {
        var running: Version
        /// What is being switched to.
        var candidate: Version?
        /// The wanted version, when it could not be started.
        var rejected: ResolvedManifest?
        var isLeaving = false
    }

    private var entries: [ConsumerKey: Entry] = [:]
    private var wanted: [ConsumerKey: ResolvedManifest] = [:]
    private var lastRevision = 0
    /// What the operator has been told and is still so.
    private var refused: [String: [ManifestProblem]] = [:]
    private var held: Set<ConsumerKey> = []

    package init() {}

    /// The versions that run, those that drain included.
    package var running: [ConsumerKey: ResolvedManifest] { self.entries.mapValues(\.running.function) }

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
        let admission = Admission(deployment, wanted: self.wanted)
        let remains = self.wanted.filter { key, _ in
            guard admission.admitted[key] == nil, admission.kept[key] == nil, let entry = self.entries[key] else {
                return false
            }
            return !entry.isLeaving
        }
        let isSound = admission.refused.isEmpty
        let staying = isSound && settled ? [:] : remains
        let reports = self.report(admission, directory: deployment.directory, held: isSound ? [] : Set(remains.keys))

        self.wanted = admission.kept.merging(staying) { kept, _ in kept }
        for (key, function) in admission.admitted where !Self.collides(function, staying, deployment.namespace) {
            self.wanted[key] = function
        }
        let keys = Set(self.wanted.keys).union(self.entries.keys).sorted()
        let steps = keys.flatMap { self.step(of: $0, retryingRejected: retryingRejected) }
        return reports + steps.filter { !$0.isRemoval } + steps.filter(\.isRemoval)
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
        entry.rejected = candidate.function
        entry.candidate = nil
        self.entries[key] = entry
        return [.report(.rejected(key, reason: reason))]
    }

    /// The function has drained and ended.
    package mutating func removed(_ key: ConsumerKey) -> [ReloadAction] {
        guard let entry = self.entries[key], entry.isLeaving else { return [] }
        self.entries[key] = nil
        return self.wanted.keys.filter { $0.queue == key.queue }.sorted().flatMap {
            self.step(of: $0, retryingRejected: false)
        }
    }

    private mutating func step(of key: ConsumerKey, retryingRejected: Bool) -> [ReloadAction] {
        guard var entry = self.entries[key] else { return self.addition(of: key) }
        guard !entry.isLeaving else { return [] }
        defer { self.entries[key] = entry }
        guard let wanted = self.wanted[key] else {
            let cancellation: [ReloadAction] = entry.candidate == nil ? [] : [.cancelChange(key)]
            entry.candidate = nil
            entry.isLeaving = true
            return cancellation + [.remove(key, self.reason(of: key))]
        }
        if wanted == entry.candidate?.function { return [] }
        if !retryingRejected, wanted == entry.rejected { return [] }
        entry.rejected = nil
        let needsNoChange = wanted == entry.running.function
        guard !needsNoChange, wanted.obstacle == nil else {
            let cancellation: [ReloadAction] = entry.candidate == nil ? [] : [.cancelChange(key)]
            entry.candidate = nil
            guard !needsNoChange, let obstacle = wanted.obstacle else { return cancellation }
            entry.rejected = wanted
            return cancellation + [.report(.rejected(key, reason: obstacle))]
        }
        let revision = self.nextRevision()
        entry.candidate = Version(function: wanted, revision: revision)
        return [.change(key, wanted, revision: revision)]
    }

    private mutating func addition(of key: ConsumerKey) -> [ReloadAction] {
        // Whoever drains may delete the queue in the end, or still hold events of it whose order matters.
        let isTaken = self.entries.keys.contains { $0.queue == key.queue }
        guard let wanted = self.wanted[key], !isTaken else { return [] }
        let revision = self.nextRevision()
        self.entries[key] = Entry(running: Version(function: wanted, revision: revision))
        return [.add(key, wanted, revision: revision)]
    }

    private func reason(of key: ConsumerKey) -> RemovedHow {
        self.successor(of: key).map { .queueChanged(to: $0.queue) } ?? .manifestGone
    }

    /// The function of the same name that is wanted now, on the same queue or another one; nil if none is.
    package func successor(of key: ConsumerKey) -> ConsumerKey? {
        self.wanted.keys.filter { $0.name == key.name }.min()
    }

    /// The function that is to consume the queue of one that goes; nil if none is.
    package func heir(of key: ConsumerKey) -> ResolvedManifest? {
        self.wanted.first { $0.key.queue == key.queue }?.value
    }

    private mutating func nextRevision() -> Int {
        self.lastRevision += 1
        return self.lastRevision
    }

    /// Whether a function would get in the way of those that stay only because nothing may be removed now. It waits
    /// for the time when they may.
    private static func collides(
        _ function: ResolvedManifest,
        _ staying: [ConsumerKey: ResolvedManifest],
        _ namespace: String
    ) -> Bool {
        staying.values.contains { other in
            let both = [other, function].map(\.manifest)
            return !ManifestCheck.problems(in: both, namespace: namespace).isEmpty
        }
    }

    /// What is new to the operator.
    private mutating func report(_ admission: Admission, directory: String, held: Set<ConsumerKey>) -> [ReloadAction] {
        defer {
            self.refused = admission.refused
            self.held = held
        }
        let mended = self.refused.keys.filter { admission.refused[$0] == nil }.sorted()
        let refusals = admission.refused.sorted { $0.key < $1.key }.filter { self.refused[$0.key] != $0.value }
        return mended.map { .report(.mended(file: $0)) }
            + refusals.map { file, problems in
                let functions = admission.kept.filter { key, function in
                    self.entries[key]?.isLeaving == false && (file == directory || function.file == file)
                }
                let names = functions.keys.map(\.name).sorted()
                return .report(.refused(file: file, problems: problems, stillRunning: names))
            }
            + held.subtracting(self.held).sorted().map { .report(.removalHeld($0)) }
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
