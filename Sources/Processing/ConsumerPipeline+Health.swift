import Logging
import Manifests
package import Messaging
import Polling

/// Health: of the function, by its breaker, and of its consumer, by the broker's own view.
extension ConsumerPipeline {
    func perform(_ action: Breaker.Action, because reason: @autoclosure () -> String) {
        switch action {
        case .none:
            return
        case .pause(let pause):
            self.breakerReason = reason()
            self.logger.warning(
                "paused: events wait in the queue, and one is tried after the pause",
                metadata: ["reason": "\(self.breakerReason)", "pause": "\(pause.words)"]
            )
            self.hold.end()
            self.giveBack(self.tenure.invoker.withdraw(), of: self.tenure)
            self.breakerTimer = self.loop.schedule(after: pause) { [weak self] in
                self?.breaker.pauseIsOver()
                self?.steer()
            }
        case .resume:
            self.logger.notice("resumed: the function handles events again")
            self.cancelPause()
        }
        self.steer()
        self.fill()
    }

    func cancelPause() {
        if let timer = self.breakerTimer { self.loop.cancel(timer) }
        self.breakerTimer = nil
    }

    /// Nothing runs, is settled or is held here.
    private var isIdle: Bool {
        self.inFlight.isEmpty && self.settlement.pending == 0 && self.held == nil && self.hold.isEmpty
            && self.duplicates.isEmpty
    }

    var hasWorkers: Bool { self.tenure.isReady }

    /// The broker delivers to it, as far as this host knows.
    var isConsuming: Bool { self.consumption.isActive }

    /// Of what has been delivered nothing is left to do.
    var hasNothingToDo: Bool { self.isIdle && !self.consumption.hasWaiting }

    /// The consumer seemed dead at the last look, which calls for another one.
    package var isSuspected: Bool { self.watch.suspicions > 0 }

    /// A broker that is well confirms within milliseconds; one that has lost a node, within seconds.
    private static let settlingLimit = Duration.seconds(15)
    static let lateSettlement =
        "the broker does not confirm what its events become (retries, dead letters, emitted events)"

    func lookAtSettlements() {
        self.settlesLate = self.settlement.oldest.map { $0.duration(to: .now) >= Self.settlingLimit } ?? false
        self.refreshStatus()
    }

    /// What the broker knows of the function's queue; the consumer is made anew when it seems dead.
    package func observe(_ inspection: QueueInspection) {
        self.lookAtSettlements()
        let verdict = self.watch.judge(
            inspection,
            isActive: self.consumption.isActive && self.mayTake,
            mustProgress: self.isIdle && !self.manifest.ordered
        )
        guard let reason = verdict else { return }
        self.metrics.renewedConsumer()
        self.logger.error("the consumer is silently dead and is made anew", metadata: ["reason": "\(reason)"])
        self.consumption.renew(because: BrokerError(.closed, reason))
    }
}
