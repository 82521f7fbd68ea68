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
    private var isSharedReady = false
    private(set) var isDraining = false
    private var hasRelayEnded = false

    /// - Parameter waysBackInterval: how often the delay levels and dead letters are declared again, in case somebody
    ///   has deleted a part of them; nil: never.
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

    // MARK: - Following the deployment

    private mutating func start(_ deployment: Deployment, _ actions: inout [RuntimeAction]) {
        self.apply(deployment, settled: true, retryingRejected: false, &actions)
        self.declare(.shared, &actions)
        actions.append(.arm(.watch, Self.watchInterval))
        self.watchWaysBack(&actions)
    }

    private mutating func apply(
        _ deployment: Deployment,
        settled: Bool,
        retryingRejected: Bool,
        _ actions: inout [RuntimeAction]
    ) {
        guard !self.isDraining else { return }
        let steps = self.reload.apply(deployment, settled: settled, retryingRejected: retryingRejected)
        self.follow(steps, &actions)
        if retryingRejected { for key in self.consumers.keys.sorted() { actions.append(.reconsider(key)) } }
    }

    mutating func follow(_ steps: [ReloadAction], _ actions: inout [RuntimeAction]) {
        guard !self.isDraining else { return }
        for step in steps {
            switch step {
            case .add(let key, let version, _): self.add(key, version, &actions)
            case .change(let key, let version, let revision): self.change(key, to: version, revision, &actions)
            case .cancelChange(let key): self.cancelChange(key, &actions)
            case .remove(let key, let how): self.remove(key, how, &actions)
            case .report(let report): actions.append(.note(.reload(report)))
            }
        }
    }

    private mutating func add(_ key: ConsumerKey, _ version: ResolvedManifest, _ actions: inout [RuntimeAction]) {
        let topology = TopologyPlanner.consumer(version.consumer, self.names)
        self.consumers[key] = Consumer(manifest: version.consumer, topology: topology)
        actions.append(.add(key, version, topology))
        // Whatever its state: events wait in the queue of a function whose workers cannot be started.
        if self.isSharedReady { self.declare(.consumer(key), &actions) }
    }

    private mutating func change(
        _ key: ConsumerKey,
        to version: ResolvedManifest,
        _ revision: Int,
        _ actions: inout [RuntimeAction]
    ) {
        guard let consumer = self.consumers[key] else { return }
        self.cancelChange(key, &actions)
        let topology = TopologyPlanner.consumer(version.consumer, self.names)
        self.consumers[key]?.change = Change(
            revision: revision,
            manifest: version.consumer,
            topology: topology,
            needsDeclaring: topology.declarations != consumer.topology.declarations,
            obsolete: consumer.topology.bindings.filter { !topology.bindings.contains($0) }.map(Removal.binding)
        )
        actions.append(.note(.switching(key)))
        actions.append(.change(key, version, topology))
    }

    /// The workers of the next version are there. What it needs is declared now, all but what it is to be bound to: the
    /// present version would get events that only the next one understands.
    private mutating func candidateIsReady(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard let change = self.consumers[key]?.change else { return }
        self.consumers[key]?.change?.isCandidateReady = true
        if change.needsDeclaring {
            self.declare(.change(key, revision: change.revision), &actions)
        } else {
            actions.append(.commitChange(key))
        }
    }

    private mutating func changed(
        _ key: ConsumerKey,
        _ result: PipelineReport.ChangeResult,
        _ actions: inout [RuntimeAction]
    ) {
        guard let change = self.consumers[key]?.change else { return }
        switch result {
        case .switched:
            self.consumers[key]?.change = nil
            self.consumers[key]?.manifest = change.manifest
            self.consumers[key]?.topology = change.topology
            actions.append(.note(.switched(key)))
            self.takeAway(change.obsolete, of: key, &actions)
            if change.needsDeclaring { self.declare(.consumer(key), &actions) }
            self.follow(self.reload.switched(key, to: change.revision), &actions)
        case .rejected(let reason):
            self.cancelChange(key, &actions)
            self.follow(self.reload.rejected(key, revision: change.revision, reason: reason), &actions)
        }
    }

    private mutating func cancelChange(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard self.consumers[key]?.change != nil else { return }
        self.consumers[key]?.change = nil
        actions.append(.cancelChange(key))
    }

    private mutating func remove(_ key: ConsumerKey, _ how: RemovedHow, _ actions: inout [RuntimeAction]) {
        self.cancelChange(key, &actions)
        switch how {
        case .manifestGone: self.leave(key, &actions)
        case .queueChanged: self.beginMove(of: key, &actions)
        }
    }

    /// Drains the consumer, which then ends.
    mutating func leave(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard self.consumers[key]?.isLeaving == false else { return }
        self.consumers[key]?.isLeaving = true
        actions.append(.drain(key))
    }

    private mutating func ended(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard let consumer = self.consumers.removeValue(forKey: key) else { return }
        // One that ends only because its host does keeps all that it has.
        if self.isDraining, !consumer.isLeaving { return self.closeIfOver(&actions) }
        if let heir = self.reload.heir(of: key) {
            let kept = TopologyPlanner.consumer(heir.consumer, self.names).bindings
            let obsolete = consumer.topology.bindings.filter { !kept.contains($0) }
            self.takeAway(obsolete.map(Removal.binding), of: key, &actions)
        } else {
            let removal = QueueRemoval(
                consumer.topology,
                names: self.names,
                policy: consumer.mustKeepQueue ? .keep : consumer.manifest.onRemove,
                hasMoved: consumer.move?.isUnbound ?? false
            )
            actions.append(.removeQueue(removal, key))
        }
        if self.isDraining { return self.closeIfOver(&actions) }
        // Whoever logs about it needs its name until here.
        actions.append(.forget(key))
        self.follow(self.reload.removed(key), &actions)
    }

    func takeAway(_ removals: [Removal], of key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        if !removals.isEmpty { actions.append(.remove(removals, key)) }
    }

    // MARK: - The broker

    mutating func declare(_ part: TopologyPart, _ actions: inout [RuntimeAction]) {
        guard !self.isDraining, self.isDeclarable(part), self.declarations(of: part, highestLevel: -1) != nil else {
            return
        }
        if self.parts.want(part) { actions.append(.declare(part)) }
    }

    /// Consumers lean on what is shared: until that is there they wait, and are declared as soon as it is.
    private func isDeclarable(_ part: TopologyPart) -> Bool {
        switch part {
        case .shared, .waysBack, .delayLevel: true
        case .consumer, .change: self.isSharedReady
        }
    }

    private mutating func sharedIsReady(_ actions: inout [RuntimeAction]) {
        let isFirst = !self.isSharedReady
        self.isSharedReady = true
        actions.append(.startRelay)
        for (key, consumer) in self.consumers.sorted(by: { $0.key < $1.key }) {
            if !consumer.isReady { self.declare(.consumer(key), &actions) }
            if isFirst, let change = consumer.change, change.isCandidateReady, change.needsDeclaring {
                self.declare(.change(key, revision: change.revision), &actions)
            }
        }
    }

    /// What a part consists of now; nil when it is not wanted any more.
    ///
    /// - Parameter highestLevel: of the delay levels that settlements have needed; -1 for none.
    func declarations(of part: TopologyPart, highestLevel: Int) -> [Declaration]? {
        switch part {
        case .shared: TopologyPlanner.shared(self.names)
        case .waysBack: self.declarationsOfWaysBack(highestLevel: highestLevel)
        case .delayLevel: nil
        case .consumer(let key): self.declarations(of: key)
        case .change(let key, let revision): self.change(key, revision)?.topology.declarationsWithoutBindings
        }
    }

    private mutating func declared(_ part: TopologyPart, _ error: BrokerError?, _ actions: inout [RuntimeAction]) {
        switch self.parts.answered(part, isDeclared: error == nil) {
        case .declareAgain: return self.declare(part, &actions)
        case .news: break
        }
        if error != nil { actions.append(.arm(.declare(part), Self.declarePause)) }
        switch (part, error) {
        case (.shared, nil):
            self.sharedIsReady(&actions)
        case (.shared, let error?):
            actions.append(.note(.cannotDeclareShared(error)))
            for key in self.consumers.keys.sorted() where self.consumers[key]?.isReady == false {
                actions.append(.topologyFailed(key, error))
            }
        case (.waysBack, nil), (.delayLevel, _):
            break
        case (.waysBack, let error?):
            actions.append(.note(.cannotDeclareWaysBack(error)))
        case (.consumer(let key), let error):
            // It may have gone since.
            guard self.consumers[key] != nil else { return }
            if let error { return actions.append(.topologyFailed(key, error)) }
            self.consumers[key]?.isReady = true
            actions.append(.topologyIsReady(key))
        case (.change(let key, let revision), nil):
            if self.change(key, revision) != nil { actions.append(.commitChange(key)) }
        case (.change(let key, let revision), let error?):
            // A broker that is away comes back; one that says no goes on saying it.
            guard error.kind == .mismatch || error.kind == .accessRefused, self.change(key, revision) != nil else {
                return
            }
            self.changed(key, .rejected("\(error)"), &actions)
        }
    }

    /// The change under way, if it is still this one.
    private func change(_ key: ConsumerKey, _ revision: Int) -> Change? {
        self.consumers[key]?.change.flatMap { $0.revision == revision ? $0 : nil }
    }

    mutating func look(at key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard let queue = self.consumers[key]?.topology.queue, self.parts.look(at: .consumer(key)) else { return }
        actions.append(.inspect(.consumer(key), queue: queue))
    }

    private mutating func inspected(
        _ part: TopologyPart,
        _ inspection: QueueInspection?,
        _ facts: PipelineFacts?,
        _ actions: inout [RuntimeAction]
    ) {
        switch part {
        case .shared, .waysBack, .change: break
        case .delayLevel(let level): self.inspectedDelayLevel(level, inspection, &actions)
        case .consumer(let key):
            guard let inspection, let facts else { return self.declare(part, &actions) }
            self.continueMove(of: key, inspection, facts, &actions)
            // While it moves it is looked at too often for two looks to mean anything.
            guard let consumer = self.consumers[key], consumer.move == nil else { return }
            actions.append(.observe(key, inspection))
        }
    }

    // MARK: - Going down

    private mutating func drain(_ actions: inout [RuntimeAction]) {
        guard !self.isDraining else { return }
        self.isDraining = true
        actions.append(.drainSettler)
        actions.append(.drainRelay)
        actions.append(.arm(.abandonRelay, DrainLimits.settlingTime + DrainLimits.endingTime))
        for key in self.consumers.keys.sorted() { actions.append(.drain(key)) }
    }

    private func closeIfOver(_ actions: inout [RuntimeAction]) {
        if self.isDraining, self.hasRelayEnded, self.consumers.isEmpty { actions.append(.closeIntake) }
    }
}
