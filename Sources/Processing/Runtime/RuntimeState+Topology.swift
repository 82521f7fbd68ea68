import Deployments
import Messaging
import Topology

/// What consumers lean on at the broker: declared when it is needed, declared again when it is lost, and looked at.
extension RuntimeState {
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

    mutating func declared(_ part: TopologyPart, _ error: BrokerError?, _ actions: inout [RuntimeAction]) {
        switch self.parts.answered(part, isDeclared: error == nil) {
        case .declareAgain: return self.declare(part, &actions)
        case .news: break
        }
        if error != nil { actions.append(.arm(.declare(part), Self.declarePause)) }
        let isNews: Bool
        switch part {
        case .shared, .waysBack: isNews = self.isNews(error, of: part)
        case .delayLevel, .consumer, .change: isNews = false
        }
        switch (part, error) {
        case (.shared, nil):
            self.sharedIsReady(&actions)
        case (.shared, let error?):
            if isNews { actions.append(.note(.cannotDeclareShared(error))) }
            for key in self.consumers.keys.sorted() where self.consumers[key]?.isReady == false {
                actions.append(.topologyFailed(key, error))
            }
        case (.waysBack, nil), (.delayLevel, _):
            break
        case (.waysBack, let error?):
            if isNews { actions.append(.note(.cannotDeclareWaysBack(error))) }
        case (.consumer(let key), let error):
            // It may have gone since.
            guard self.consumers[key] != nil else { return }
            if let error { return actions.append(.topologyFailed(key, error)) }
            self.consumers[key]?.isReady = true
            if !self.waitsForOrder(key) { actions.append(.topologyIsReady(key)) }
        case (.change(let key, let revision), nil):
            if self.change(key, revision) != nil { actions.append(.commitChange(key)) }
        case (.change(let key, let revision), let error?):
            guard let change = self.change(key, revision) else { return }
            switch error.kind {
            case .mismatch, .accessRefused:
                // A broker that says no goes on saying it.
                self.changed(key, .rejected("\(error)"), &actions)
            case .unreachable, .locked, .notFound, .protocolViolation, .closed:
                if error != change.told { actions.append(.note(.cannotDeclareChange(key, error))) }
                self.consumers[key]?.change?.told = error
            }
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

    mutating func inspected(
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
}
