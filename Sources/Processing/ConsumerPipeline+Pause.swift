import Manifests
import Messaging

/// Whoever runs the invocations asks to be left alone for a while.
extension ConsumerPipeline {
    /// What was not run stays here through a short pause, and goes back to the queue for a longer one.
    func pause(_ tenure: Tenure, because reason: String, until end: ContinuousClock.Instant?, notRun: [UInt64]) {
        tenure.isReady = false
        tenure.pause = reason
        // More of them may have been given and not begun.
        let notRun = notRun + tenure.invoker.withdraw()
        if tenure === self.tenure, !self.isDraining, self.hold.begin(until: end, at: .now) {
            self.hold.keep(self.takeBack(notRun, of: tenure))
        } else {
            self.giveBack(notRun, of: tenure)
        }
        self.finishRetired()
        self.steer()
        // An older version's places are free for the present one.
        self.fill()
    }

    /// Takes invocations out of what is in flight. Those of which the broker has taken back the delivery are not among
    /// what is returned.
    func takeBack(_ ids: [UInt64], of tenure: Tenure) -> [RunningDelivery] {
        var live: [RunningDelivery] = []
        for id in ids {
            guard let running = self.inFlight.remove(id) else { continue }
            tenure.running -= 1
            if id == self.probe { self.probe = nil }
            self.recognition.ended(running)
            if !running.life.isOver { live.append(running) }
        }
        return live
    }

    /// Hands back what was not run. Intake stops first where it has to, or the broker would deliver it here again.
    func giveBack(_ ids: [UInt64], of tenure: Tenure) {
        if !self.manifest.ordered { self.steer() }
        self.giveBack(self.takeBack(ids, of: tenure))
    }

    func giveBack(_ deliveries: [RunningDelivery]) {
        for running in deliveries {
            // An ordered one goes back with its channel, unless that stays open because another version takes events:
            // then the same consumer gets it again at once, for nothing else was delivered to it.
            guard !running.life.isOver, !self.manifest.ordered || self.mayTake else { continue }
            self.intake.giveBack(running.delivery.tag, of: running.life.subscription)
        }
    }
}
