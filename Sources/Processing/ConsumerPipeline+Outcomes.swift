import Manifests
import Messaging

/// What becomes of an event when its invocation has ended.
extension ConsumerPipeline {
    func handle(_ event: InvokerEvent, of tenure: Tenure) {
        switch event {
        case .ready:
            tenure.isReady = true
            tenure.problem = nil
            tenure.pause = nil
            if tenure === self.tenure { self.hold.end() }
            if tenure === self.candidate?.tenure { self.candidate?.whenReady() }
            self.steer()
            // What was kept through a pause is here already.
            self.fill()
        case .unavailable(let reason, let notRun):
            tenure.isReady = false
            tenure.problem = reason
            if tenure === self.tenure { self.hold.end() }
            self.giveBack(notRun, of: tenure)
            if tenure === self.candidate?.tenure { self.judgeCandidate(reason) }
            self.finishRetired()
            self.steer()
            // An older version's places are free for the present one.
            self.fill()
        case .paused(let reason, let end, let notRun):
            self.pause(tenure, because: reason, until: end, notRun: notRun)
        case .workerDied(let reason):
            guard tenure === self.tenure else { return }
            // What it had not begun would be tried one by one; another host, or the next one, does it as well.
            if self.isDraining { return self.giveBack(tenure.invoker.withdraw(), of: tenure) }
            self.perform(self.breaker.workerDied(at: .now), because: "its workers die: \(reason)")
        case .results(let results):
            self.settle(results, of: tenure)
        }
    }

    func settle(_ results: [InvocationResult], of tenure: Tenure) {
        var done = 0
        let now = ContinuousClock.now
        for result in results {
            self.metrics.ran(result)
            guard let running = self.inFlight.remove(result.id) else { continue }
            tenure.running -= 1
            if case .done(let emitted) = result.outcome {
                done += 1
                if emitted.isEmpty { self.acknowledge(running, at: now) } else { self.settle(running, result.outcome) }
            } else {
                self.settle(running, result.outcome)
            }
            // What an older version did says nothing about this one.
            let isProbe = self.probe == result.id
            if isProbe { self.probe = nil }
            guard tenure === self.tenure, self.breaker.state != .probing || isProbe else { continue }
            let action = self.breaker.ended(Breaker.Sign(result.outcome), at: now)
            self.perform(action, because: "every event fails: \(result.outcome.name)")
        }
        self.metrics.done(done)
        self.fill()
        if tenure !== self.tenure { self.finishRetired() }
        if self.isDraining || self.manifest.ordered { self.steer() }
    }

    private func acknowledge(_ running: RunningDelivery, at now: ContinuousClock.Instant) {
        if running.life.isOver {
            self.recognition.ended(running)
            self.recognition.settled(running.delivery, now: now)
        } else {
            self.intake.acknowledge(running.delivery.tag, of: running.life.subscription)
            self.recentAcks.add(running.delivery, at: now)
        }
        if self.manifest.ordered { self.head = nil }
    }

    func settle(_ running: RunningDelivery, _ outcome: Outcome) {
        let settlement = self.settlement.decide(running, outcome)
        let isOver = running.life.isOver
        if isOver { self.recognition.ended(running) }
        if self.manifest.ordered {
            self.head = nil
            if case .retry(let delay, let history, _) = settlement {
                self.head = OrderedHead(
                    key: EventKey(running.delivery),
                    history: history,
                    expiresAt: running.expiresAt,
                    due: .now + delay
                )
                if !isOver { self.hold(running) }
                return
            }
            if case .deadLetter = settlement, isOver {
                // It comes again, and has had its attempts: the next one is its last again, not its first.
                self.head = OrderedHead(
                    key: EventKey(running.delivery),
                    history: running.history,
                    expiresAt: running.expiresAt,
                    due: .now
                )
            }
        }
        switch settlement {
        case .acknowledge:
            // Its work is done, so its events leave, whether it can still be acknowledged or not.
            let receipt = self.settlement.carryOut(settlement, running)
            if isOver { self.recognition.orphaned(receipt) }
        case .retry, .deadLetter:
            // A copy beside a delivery that is taken back would make two of one event.
            if !isOver { self.settlement.carryOut(settlement, running) }
        }
    }
}
