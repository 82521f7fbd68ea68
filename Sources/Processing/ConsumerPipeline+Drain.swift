import Logging
import Polling
import Topology

/// Going down: intake stops, what runs is let run and settled, and the end comes by a clock of its own.
extension ConsumerPipeline {
    func stop(_ tenure: Tenure) {
        self.stopping += 1
        tenure.invoker.stop { [weak self] in
            withExtendedLifetime(tenure) { self?.stopping -= 1 }
            self?.finishDrainIfIdle()
        }
    }

    /// Stops intake, gives back what has not begun, lets run what runs, settles it, and calls `completion`. Asked again
    /// meanwhile, it only calls one more completion.
    ///
    /// Who does not answer is not waited for longer than `DrainWatch` allows.
    package func drain(_ completion: @escaping () -> Void) {
        guard self.status != .stopped else { return completion() }
        self.drainCompletions.append(completion)
        guard !self.isDraining else { return }
        self.set(.draining)
        self.isDraining = true
        self.cancelChange()
        self.cancelPause()
        self.hold.end()
        self.giveBack(self.tenure.invoker.withdraw(), of: self.tenure)
        self.steer()
        self.watchDrain(DrainWatch(begin: .now))
    }

    private func watchDrain(_ watch: DrainWatch) {
        guard self.status != .stopped else { return }
        self.loop.schedule(after: DrainWatch.interval) { [weak self] in
            guard let self, self.status != .stopped else { return }
            var watch = watch
            switch watch.look(isRunning: !self.inFlight.isEmpty, at: .now) {
            case .goOn: break
            case .abandonSettlements: self.abandonSettlements()
            case .abandonAll:
                self.abandonSettlements()
                self.stopping = 0
            }
            self.finishDrainIfIdle()
            self.watchDrain(watch)
        }
    }

    private func abandonSettlements() {
        guard !self.hasAbandonedSettlements else { return }
        self.hasAbandonedSettlements = true
        if !self.consumption.isNone || self.settlement.pending > 0 {
            self.logger.warning(
                "ending without an answer of the broker; what is not settled is delivered again",
                metadata: [
                    "queue": "\(self.topology.queue)", "settlements": "\(self.settlement.pending)",
                    "consumer": self.consumption.isNone ? "ended" : "not ended",
                ]
            )
        }
        self.consumption.abandon()
    }

    func finishDrainIfIdle() {
        guard self.isDraining, self.consumption.isNone, self.retired.isEmpty, self.inFlight.isEmpty,
            self.settlement.pending == 0 || self.hasAbandonedSettlements
        else { return }
        if !self.isDrained {
            self.isDrained = true
            self.stop(self.tenure)
        }
        guard self.stopping == 0, self.status != .stopped else { return }
        self.set(.stopped)
        let completions = self.drainCompletions
        self.drainCompletions.removeAll()
        for completion in completions { completion() }
    }
}
