import Deployments
import Manifests
import Messaging
import Topology

/// What runs and what it leans on, as a value: which pipelines come, change and go as `ReloadState` says, which parts
/// of the topology are declared when, and which queues are looked at. `ConsumerRuntime` drives it.
struct RuntimeState: StateMachine {
    struct Consumer {
        var manifest: ConsumerManifest
        var topology: TopologyPlan.Consumer
        /// Its queue exists, as far as this host knows.
        var isReady = false
        var isLeaving = false
        /// Its queue gets events back that no look may see yet, so it must not be deleted.
        var mustKeepQueue = false
        var change: Change?
        /// It is on its way to another queue.
        var move: QueueMove?
    }

    struct Change {
        let revision: Int
        let manifest: ConsumerManifest
        let topology: TopologyPlan.Consumer
        /// It needs something else of the broker than the version that runs.
        let needsDeclaring: Bool
        /// Bindings that go when it has taken over. New ones come then, too.
        let obsolete: [Removal]
        /// Its workers are there.
        var isCandidateReady = false
        /// Why the broker does not take what it needs, as far as people have been told.
        var told: BrokerError?
    }

    static let watchInterval = Duration.seconds(10)
    static let secondLook = Duration.seconds(1)
    /// Before something is declared again that the broker did not take.
    static let declarePause = Duration.seconds(2)

    let names: TopologyNames
    let waysBackInterval: Duration?
    var reload = ReloadState()
    /// What runs, those that drain included.
    var consumers: [ConsumerKey: Consumer] = [:]
    var parts = PartStates<TopologyPart>()
    var delayLevels = DelayLevels()
    var isSharedReady = false
    /// Why a part of what all consumers need cannot be declared, as far as people have been told.
    private var told: [TopologyPart: BrokerError] = [:]
    private(set) var isDraining = false
    private var hasRelayEnded = false

    /// - Parameter waysBackInterval: how often the delay levels and dead letters are declared again, in case somebody
    ///   has deleted a part of them; `nil`: never.
    init(names: TopologyNames, waysBackInterval: Duration?) {
        self.names = names
        self.waysBackInterval = waysBackInterval
    }

    mutating func handle(_ event: RuntimeEvent, at now: Moment, _ actions: inout [RuntimeAction]) {
        switch event {
        case .start(let deployment): self.start(deployment, &actions)
        case .apply(let deployment, let settled, let retryingRejected):
            self.apply(deployment, settled: settled, retryingRejected: retryingRejected, &actions)
        case .drain: self.drain(&actions)
        case .abandonedDeliveries(let key): self.consumers[key]?.mustKeepQueue = true
        case .ended(let key): self.ended(key, &actions)
        case .relayEnded:
            self.hasRelayEnded = true
            self.closeIfOver(&actions)
        case .due(.abandonRelay): actions.append(.abandonRelay)
        default:
            // Going down, nothing is declared, looked at or switched to any more.
            if !self.isDraining { self.goOn(event, &actions) }
        }
    }

    private mutating func goOn(_ event: RuntimeEvent, _ actions: inout [RuntimeAction]) {
        switch event {
        case .declared(let part, let error): self.declared(part, error, &actions)
        case .inspected(let part, let answer, let facts):
            self.parts.looked(at: part)
            if case .success(let inspection) = answer { self.inspected(part, inspection, facts, &actions) }
        case .interrupted(let key): self.declare(.consumer(key), &actions)
        case .relayInterrupted: self.declare(.shared, &actions)
        case .candidateReady(let key): self.candidateIsReady(key, &actions)
        case .changed(let key, let result): self.changed(key, result, &actions)
        case .suspected(let key):
            // While it moves it is looked at too often for two looks to mean anything.
            guard let consumer = self.consumers[key], consumer.move == nil else { return }
            actions.append(.arm(.secondLook(key), Self.secondLook))
        case .due(let timer): self.timerIsDue(timer, &actions)
        case .start, .apply, .drain, .abandonedDeliveries, .ended, .relayEnded: break
        }
    }

    private mutating func timerIsDue(_ timer: RuntimeTimer, _ actions: inout [RuntimeAction]) {
        switch timer {
        case .watch:
            for key in self.consumers.keys.sorted() { self.look(at: key, &actions) }
            actions.append(.arm(.watch, Self.watchInterval))
        case .secondLook(let key): self.look(at: key, &actions)
        case .waysBack:
            self.mendWaysBack(&actions)
            if let interval = self.waysBackInterval { actions.append(.arm(.waysBack, interval)) }
        case .move(let key): self.continueMove(of: key, &actions)
        case .declare(let part):
            self.parts.pauseIsOver(part)
            self.declare(part, &actions)
        case .abandonRelay: break
        }
    }

    // MARK: - Going down

    private mutating func drain(_ actions: inout [RuntimeAction]) {
        guard !self.isDraining else { return }
        self.isDraining = true
        for (key, consumer) in self.consumers.sorted(by: { $0.key < $1.key }) where !consumer.isLeaving {
            guard let move = consumer.move else { continue }
            actions.append(.note(.moveIsUnfinished(key, isUnbound: move.isUnbound)))
        }
        actions.append(.drainSettler)
        actions.append(.drainRelay)
        actions.append(.arm(.abandonRelay, DrainLimits.settlingTime + DrainLimits.endingTime))
        for key in self.consumers.keys.sorted() { actions.append(.drain(key)) }
    }

    /// A problem is told once, until there is another one or none.
    mutating func isNews(_ problem: BrokerError?, of part: TopologyPart) -> Bool {
        let before = self.told[part]
        self.told[part] = problem
        return problem != nil && problem != before
    }

    func closeIfOver(_ actions: inout [RuntimeAction]) {
        if self.isDraining, self.hasRelayEnded, self.consumers.isEmpty { actions.append(.closeIntake) }
    }
}
