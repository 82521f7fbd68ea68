import DequeModule
import Logging
import Manifests
import Messaging
import Polling

/// What the consumer holds is bounded in bytes, too.
extension ConsumerPipeline {
    /// Smaller events cannot reach any budget within a usual prefetch, so they are not counted.
    static let largeEvent = 64 << 10

    /// The events that are held: they wait, run, are settled, or stay here for another attempt.
    var holding: (events: Int, bytes: Int) {
        var events = 0
        var bytes = 0
        func add(_ delivery: Delivery) {
            events += 1
            bytes += delivery.bytes.count
        }
        for delivery in self.consumption.waiting { add(delivery) }
        for running in self.inFlight.all { add(running.delivery) }
        for running in self.hold.deliveries { add(running.delivery) }
        for running in self.duplicates.deliveries { add(running.delivery) }
        for delivery in self.settlement.deliveries { add(delivery) }
        if let held = self.held { add(held.delivery) }
        return (events, bytes)
    }

    /// Large events have come: when they are too many to be held, the next ones come in smaller numbers, and what waits
    /// goes back.
    func boundBytes() {
        let (events, bytes) = self.holding
        guard self.bound.holds(bytes, of: events, budget: self.byteBudget(), at: .now) else { return }
        self.logger.notice(
            "takes fewer events ahead, because they are large",
            metadata: ["prefetch": "\(self.prefetch)", "held-bytes": "\(bytes)"]
        )
        self.recoverLater()
        self.steer()
    }

    private func recoverLater() {
        guard self.boundTimer == nil else { return }
        self.boundTimer = self.loop.schedule(after: ByteBound.recovery) { [weak self] in
            guard let self else { return }
            self.boundTimer = nil
            if self.bound.recover(to: self.manifest.prefetch, at: .now) { self.steer() }
            if self.bound.prefetch != nil, !self.isDraining { self.recoverLater() }
        }
    }

    /// How many events the broker may deliver ahead of their acknowledgements.
    var prefetch: Int {
        self.breaker.state == .probing ? 1 : min(self.manifest.prefetch, self.bound.prefetch ?? .max)
    }
}
