import Deployments
import EventLoops
import Manifests
import Synchronization

/// What a watcher has told, and what a host that does all it is asked at once makes of it.
final class WatchRecord: Sendable {
    struct Told {
        let deployment: Deployment
        let settled: Bool
        let retryingRejected: Bool
    }

    private struct Contents {
        var told: [Told] = []
        var state = ReloadState()
        var actions: [ReloadAction] = []
    }

    private let contents = Mutex(Contents())

    var told: [Told] { self.contents.withLock(\.told) }
    var actions: [ReloadAction] { self.contents.withLock(\.actions) }
    /// The concurrency of what runs, by name.
    var running: [String: Int] {
        self.contents.withLock { contents in
            Dictionary(
                uniqueKeysWithValues: contents.state.running.map { ($0.key.name, $0.value.manifest.concurrency) }
            )
        }
    }
    var functions: [ResolvedFunction] {
        self.contents.withLock { contents in
            contents.state.running.sorted { $0.key < $1.key }.compactMap(\.value.function)
        }
    }
    var removals: Int {
        self.actions.count { action in
            if case .remove = action { true } else { false }
        }
    }

    func hear(_ deployment: Deployment, _ settled: Bool, _ retryingRejected: Bool) {
        self.contents.withLock { contents in
            contents.told.append(
                Told(deployment: deployment, settled: settled, retryingRejected: retryingRejected)
            )
            var actions = contents.state.apply(deployment, settled: settled, retryingRejected: retryingRejected)
            while !actions.isEmpty {
                let action = actions.removeFirst()
                contents.actions.append(action)
                switch action {
                case .change(let key, _, let revision): actions += contents.state.switched(key, to: revision)
                case .remove(let key, _): actions += contents.state.removed(key)
                case .add, .cancelChange, .report: break
                }
            }
        }
    }
}
