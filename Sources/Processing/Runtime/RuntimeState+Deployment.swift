import Deployments
import Manifests
import Messaging
import Topology

/// Following the deployment: consumers come, change and go as `ReloadState` says.
extension RuntimeState {
    mutating func start(_ deployment: Deployment, _ actions: inout [RuntimeAction]) {
        self.apply(deployment, settled: true, retryingRejected: false, &actions)
        self.declare(.shared, &actions)
        actions.append(.arm(.watch, Self.watchInterval))
        self.watchWaysBack(&actions)
    }

    mutating func apply(
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

    private mutating func add(_ key: ConsumerKey, _ version: ResolvedConsumer, _ actions: inout [RuntimeAction]) {
        let topology = TopologyPlanner.consumer(version.manifest, self.names)
        self.consumers[key] = Consumer(manifest: version.manifest, topology: topology)
        actions.append(.add(key, version, topology))
        // Whatever its state: events wait in the queue of a function whose workers cannot be started.
        if self.isSharedReady { self.declare(.consumer(key), &actions) }
    }

    private mutating func change(
        _ key: ConsumerKey,
        to version: ResolvedConsumer,
        _ revision: Int,
        _ actions: inout [RuntimeAction]
    ) {
        guard let consumer = self.consumers[key] else { return }
        self.cancelChange(key, &actions)
        let topology = TopologyPlanner.consumer(version.manifest, self.names)
        self.consumers[key]?.change = Change(
            revision: revision,
            manifest: version.manifest,
            topology: topology,
            needsDeclaring: topology.declarations != consumer.topology.declarations,
            obsolete: consumer.topology.bindings.filter { !topology.bindings.contains($0) }.map(Removal.binding)
        )
        actions.append(.note(.switching(key)))
        actions.append(.change(key, version, topology))
    }

    /// The workers of the next version are there. What it needs is declared now, all but what it is to be bound to: the
    /// present version would get events that only the next one understands.
    mutating func candidateIsReady(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard let change = self.consumers[key]?.change else { return }
        self.consumers[key]?.change?.isCandidateReady = true
        if change.needsDeclaring {
            self.declare(.change(key, revision: change.revision), &actions)
        } else {
            actions.append(.commitChange(key))
        }
    }

    mutating func changed(
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
        case .atOnce: self.leave(key, &actions)
        case .whenReplaced(let successors):
            actions.append(.note(.moving(key, to: successors.map(\.queue))))
            self.beginMove(of: key, &actions)
        }
    }

    /// Drains the consumer, which then ends.
    mutating func leave(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard self.consumers[key]?.isLeaving == false else { return }
        self.consumers[key]?.isLeaving = true
        actions.append(.drain(key))
    }

    mutating func ended(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard let consumer = self.consumers.removeValue(forKey: key) else { return }
        // One that ends only because its host does keeps all that it has.
        if self.isDraining, !consumer.isLeaving { return self.closeIfOver(&actions) }
        if let heir = self.reload.heir(of: key) {
            let kept = TopologyPlanner.consumer(heir.manifest, self.names).bindings
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
        self.letFollow(key, &actions)
        // Whoever logs about it needs its name until here.
        actions.append(.forget(key))
        self.follow(self.reload.removed(key), &actions)
    }

    func takeAway(_ removals: [Removal], of key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        if !removals.isEmpty { actions.append(.remove(removals, key)) }
    }
}
