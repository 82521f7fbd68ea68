import Messaging

/// Going down: intake stops, what has not begun goes back, what runs is let run and settled, and the end comes by a
/// clock of its own.
extension PipelineState {
    mutating func beginDrain(_ now: Moment, _ actions: inout [PipelineAction]) {
        guard !self.isDraining else { return }
        self.drain = Drain(since: now.instant)
        self.cancelChange()
        self.hold.end()
        actions.append(.disarm(.breaker))
        self.withdraw(self.slots.current.id, &actions)
        actions.append(.arm(.drain, DrainLimits.interval))
    }

    /// Who does not answer is not waited for.
    mutating func lookAtDrain(_ now: Moment, _ actions: inout [PipelineAction]) {
        guard var drain = self.drain else { return }
        let quiet = drain.quiet(isRunning: !self.deliveries.running.isEmpty, at: now.instant)
        self.drain = drain
        switch Policy.verdict(afterQuiet: quiet) {
        case .goOn: break
        case .abandonSettlements: self.abandonSettlements(&actions)
        case .abandonAll:
            self.abandonSettlements(&actions)
            self.slots.abandonStopping()
        }
        actions.append(.arm(.drain, DrainLimits.interval))
    }

    private mutating func abandonSettlements(_ actions: inout [PipelineAction]) {
        guard self.drain?.hasAbandonedSettlements == false else { return }
        self.drain?.hasAbandonedSettlements = true
        let settlements = self.deliveries.replacing.count
        let consumerHasEnded = self.subscriptions.isNone
        if !consumerHasEnded || settlements > 0 {
            let note = PipelineNote.endsWithoutAnswer(settlements: settlements, consumerHasEnded: consumerHasEnded)
            actions.append(.note(note))
            actions.append(.report(.abandonedDeliveries))
        }
        self.deliveries.waiting.removeAll()
        // A subscription that has ended may still hold what is being replaced.
        let holding = self.deliveries.replacing.values.lazy.filter { !$0.held.isOrphaned }.map(\.held.subscription)
        let abandoned = Set(self.subscriptions.takeAll()).union(holding)
        for id in abandoned.sorted(by: { $0.number < $1.number }) {
            self.voidTags(of: id)
            actions.append(.abandon(id))
        }
    }

    mutating func finishDrainIfIdle(_ actions: inout [PipelineAction]) {
        guard let drain = self.drain, self.isIdle(drain), !drain.hasStoppedInvoker else { return }
        self.drain?.hasStoppedInvoker = true
        self.stop(self.slots.current.id, &actions)
    }

    /// Nothing is left to be done but to end the invokers.
    private func isIdle(_ drain: Drain) -> Bool {
        self.subscriptions.isNone && !self.slots.hasRetired && self.deliveries.running.isEmpty
            && (self.deliveries.replacing.isEmpty || drain.hasAbandonedSettlements)
    }

    func isDone(_ drain: Drain) -> Bool {
        drain.hasStoppedInvoker && self.isIdle(drain) && !self.slots.isStopping
    }
}
