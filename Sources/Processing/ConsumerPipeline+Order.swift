import Manifests
import Messaging
import Polling

/// Ordered functions: the event at the head of the queue goes before all others, however often it fails.
extension ConsumerPipeline {
    /// The head of an ordered queue: with the history that this host knows of it.
    func runInOrder(_ delivery: Delivery, in life: SubscriptionLife) {
        guard let head = self.head, delivery.isRedelivered, head.key == EventKey(delivery) else {
            self.head = nil
            return self.run(delivery, in: life)
        }
        guard head.due <= .now else {
            self.held = (delivery, life, .now)
            return self.waitForHead(head)
        }
        self.run(delivery, in: life, continuing: head)
    }

    /// Keeps the failed event at the head of its queue, unsettled, until its next attempt is due.
    func hold(_ running: RunningDelivery) {
        guard let head = self.head else { return }
        self.held = (running.delivery, running.life, .now)
        self.waitForHead(head)
    }

    func waitForHead(_ head: OrderedHead) {
        let wait = min(ContinuousClock.now.duration(to: head.due), OrderedHead.longestHold)
        self.headTimer = self.loop.schedule(after: max(.zero, wait)) { [weak self] in self?.headIsDue() }
    }

    func headIsDue() {
        guard let held = self.held, let head = self.head else { return }
        self.dropHeld()
        guard self.mayTake else { return }
        if head.due > .now || held.since.duration(to: .now) >= OrderedHead.longestHold {
            // The same consumer gets it again at once: nothing else was delivered to it.
            self.intake.giveBack(held.delivery.tag, of: held.life.subscription)
        } else {
            self.run(held.delivery, in: held.life, continuing: head)
        }
    }

    func dropHeld() {
        self.held = nil
        if let timer = self.headTimer { self.loop.cancel(timer) }
        self.headTimer = nil
    }
}
