import Deployments
import Manifests
import Testing

/// A host as simple as can be, which checks every action against the rules: it knows what runs and what is under way,
/// nothing of files.
struct ReloadModel {
    enum Step {
        case changing(ResolvedConsumer, revision: Int)
        case leaving
    }

    private(set) var running: [ConsumerKey: ResolvedConsumer] = [:]
    private(set) var steps: [ConsumerKey: Step] = [:]
    /// Rejected, and asked for ever since.
    private var rejected: [ConsumerKey: ResolvedConsumer] = [:]
    private(set) var actions = 0
    private var lastRevision = 0

    /// Somebody asks for another try.
    mutating func forgetRejections() { self.rejected = [:] }

    /// A rejected version may be tried again once another one has been asked for, or none. Where a problem leaves open
    /// what is asked for, nothing is forgotten.
    ///
    /// - Parameter isSound: nothing is wrong with any file, in itself or with another.
    mutating func hear(_ deployment: Deployment, isSound: Bool) {
        let bad = Set(deployment.problems.map(\.file))
        self.rejected = self.rejected.filter { key, version in
            let wanted = deployment.manifests.flatMap(\.consumers).filter {
                $0.key(namespace: deployment.namespace) == key
            }
            if isSound { return wanted == [version] }
            return wanted.contains(version) || wanted.isEmpty
                || wanted.contains { bad.contains($0.manifest.source.file) }
        }
    }

    /// - Parameter mayRemove: everything is sound and settled.
    mutating func perform(_ actions: [ReloadAction], mayRemove: Bool) {
        for action in actions {
            self.actions += 1
            switch action {
            case .add(let key, let function, let revision):
                #expect(!self.running.keys.contains { $0.queue == key.queue }, "two consume \(key.queue)")
                #expect(function.key(namespace: Deployment.testNamespace) == key)
                self.expectNewer(revision)
                self.running[key] = function
            case .change(let key, let function, let revision):
                #expect(self.running[key] != nil && self.running[key] != function)
                #expect(function.key(namespace: Deployment.testNamespace) == key)
                #expect(function.obstacle == nil)
                #expect(self.rejected[key] != function, "\(key) is tried again unchanged")
                if case .leaving = self.steps[key] { Issue.record("\(key) is changed while it goes") }
                self.expectNewer(revision)
                self.steps[key] = .changing(function, revision: revision)
            case .cancelChange(let key):
                guard case .changing = self.steps.removeValue(forKey: key) else {
                    Issue.record("there is no change of \(key) to cancel")
                    continue
                }
            case .remove(let key, let how):
                #expect(mayRemove)
                #expect(self.running[key] != nil)
                #expect(self.steps[key] == nil, "two steps of \(key) at once")
                if case .whenReplaced(let successors) = how {
                    #expect(!successors.isEmpty)
                    #expect(successors.allSatisfy { $0.name == key.name && $0.queue != key.queue })
                }
                self.steps[key] = .leaving
            case .report: break
            }
        }
    }

    private mutating func expectNewer(_ revision: Int) {
        #expect(revision > self.lastRevision)
        self.lastRevision = revision
    }

    /// Ends the step of one function, well or badly, and tells the state.
    mutating func finish(_ key: ConsumerKey, well: Bool, _ state: inout ReloadState) {
        guard let step = self.steps.removeValue(forKey: key) else { return }
        switch step {
        case .changing(let function, let revision):
            if well {
                self.running[key] = function
                self.perform(state.switched(key, to: revision), mayRemove: false)
            } else {
                self.rejected[key] = function
                self.perform(state.rejected(key, revision: revision, reason: "it is bad"), mayRemove: false)
            }
        case .leaving:
            self.running[key] = nil
            self.perform(state.removed(key), mayRemove: false)
        }
    }
}
