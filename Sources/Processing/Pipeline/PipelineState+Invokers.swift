import Invoking
import Manifests
import Messaging

/// Whoever runs the invocations: what they report, and how one takes the place of another.
extension PipelineState {
    mutating func handle(
        _ event: InvokerEvent,
        of id: InvokerSlot.ID,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        guard let slot = self.slots[id] else { return }
        let isCurrent = id == self.slots.current.id
        switch event {
        case .ready:
            self.slots.change(id) { slot in
                slot.isReady = true
                slot.problem = nil
                slot.pause = nil
            }
            if isCurrent { self.hold.end() }
            if id == self.slots.candidate?.id { actions.append(.report(.candidateReady)) }
        case .unavailable(let reason, let notRun):
            self.slots.change(id) { slot in
                slot.isReady = false
                slot.problem = reason
            }
            if isCurrent { self.hold.end() }
            self.keep(notRun, of: id)
            if id == self.slots.candidate?.id { self.judgeCandidate(reason, &actions) }
        case .paused(let reason, let end, let notRun):
            self.slots.change(id) { slot in
                slot.isReady = false
                slot.pause = reason
            }
            if isCurrent, !self.isDraining { self.hold.begin(until: end, at: now.instant) }
            self.keep(notRun, of: id)
            // More of them may have been given and not begun.
            self.withdraw(slot.id, &actions)
        case .workerDied(let reason):
            guard isCurrent else { return }
            if self.isDraining {
                // What it had not begun would be tried one by one; another host, or the next one, does it as well.
                self.withdraw(id, &actions)
            } else {
                let action = self.health.breaker.workerDied(at: now.instant)
                self.perform(action, because: "its workers die: \(reason)", &actions)
            }
        case .results(let results):
            self.take(results, of: id, now, &actions)
        }
    }

    private mutating func take(
        _ results: [InvocationResult],
        of id: InvokerSlot.ID,
        _ now: Moment,
        _ actions: inout [PipelineAction]
    ) {
        let isCurrent = id == self.slots.current.id
        var ended = 0
        for result in results {
            guard let held = self.deliveries.running.remove(result.id) else { continue }
            ended += 1
            self.end(result.id, held, result.outcome, now, &actions)
            // What an older version did says nothing about this one.
            let isProbe = self.health.probe == result.id
            if isProbe { self.health.probe = nil }
            guard isCurrent, self.health.breaker.state != .probing || isProbe else { continue }
            let action = self.health.breaker.ended(Breaker.Sign(result.outcome), at: now.instant)
            self.perform(action, because: "every event fails: \(result.outcome.name)", &actions)
        }
        self.slots.change(id) { $0.running -= ended }
    }

    func withdraw(_ id: InvokerSlot.ID, _ actions: inout [PipelineAction]) {
        if let slot = self.slots[id], slot.running > 0 { actions.append(.withdraw(id)) }
    }

    /// These were not run. They are held, and go first: with an invoker that is ready at once, or when a short pause is
    /// over; else they go back to the queue.
    mutating func keep(_ ids: [InvocationID], of id: InvokerSlot.ID) {
        var count = 0
        for invocation in ids {
            guard let held = self.deliveries.running.remove(invocation) else { continue }
            count += 1
            if invocation == self.health.probe { self.health.probe = nil }
            if held.isOrphaned {
                // It comes again, and then it is run.
                self.redelivery.ended(.running(invocation), held.delivery)
            } else {
                self.deliveries.notRun.append(held)
            }
        }
        self.slots.change(id) { $0.running -= count }
    }

    mutating func stop(_ id: InvokerSlot.ID, _ actions: inout [PipelineAction]) {
        self.slots.stops(id)
        actions.append(.stop(id))
    }

    // MARK: - Another version takes over while events run

    mutating func prepareChange(
        to version: PipelineVersion,
        _ id: InvokerSlot.ID,
        _ actions: inout [PipelineAction]
    ) {
        self.cancelChange()
        self.slots.prepare(id)
        self.nextVersion = version
        actions.append(.start(id))
    }

    mutating func cancelChange() {
        self.nextVersion = nil
        self.slots.dropCandidate()
    }

    private mutating func judgeCandidate(_ reason: String, _ actions: inout [PipelineAction]) {
        // One that never could run anything has nothing to be defended for; one that could comes back.
        guard self.slots.current.hasBeenReady else { return actions.append(.report(.candidateReady)) }
        self.cancelChange()
        actions.append(.report(.changed(.rejected(reason))))
    }

    /// What the prepared version needs is there: it takes over.
    mutating func commitChange(_ actions: inout [PipelineAction]) {
        guard let next = self.nextVersion, let old = self.slots.commit() else { return }
        // The old subscription and the new one overlap, each with its own unanswered acknowledgements.
        self.redelivery.prefetch = self.manifest.prefetch + next.manifest.prefetch
        self.nextVersion = nil
        self.version = next
        self.deliveries.running.limit = next.manifest.inFlight
        // New code deserves to be tried.
        actions.append(.disarm(.breaker))
        self.hold.end()
        self.health.tryAnew(next.manifest.breaker)
        if old.running > 0 { actions.append(.withdraw(old.id)) }
        actions.append(.report(.changed(.switched)))
    }
}
