import Deployments
import Manifests
import Topology

/// The queues of consumers that have gone. What is done with them: see `QueueRemoval`.
extension RuntimeState {
    /// A queue that is empty and without consumer, and goes after a second look.
    struct PendingRemoval {
        /// Tells its timer from that of an earlier removal of the same queue.
        let number: Int
        let removal: QueueRemoval
        let delay: Duration
    }

    mutating func beginRemoval(of consumer: Consumer, _ actions: inout [RuntimeAction]) {
        let removal = QueueRemoval(
            consumer.topology,
            names: self.names,
            policy: consumer.mustKeepQueue ? .keep : consumer.manifest.onRemove,
            hasMoved: consumer.move?.isUnbound ?? false
        )
        // After this long no host runs an event of the queue any more, if none consumed it when the time began.
        let delay = consumer.longestRun + self.settlingReserve
        actions.append(.lookBeforeRemoval(removal, delay: delay))
    }

    /// The first look has found nothing that the queue has to stay for.
    mutating func mayRemove(_ removal: QueueRemoval, after delay: Duration, _ actions: inout [RuntimeAction]) {
        guard !self.isDraining else { return actions.append(.note(.queueIsLeft(removal))) }
        self.lastRemoval += 1
        self.removals[removal.queue] = PendingRemoval(number: self.lastRemoval, removal: removal, delay: delay)
        actions.append(.arm(.removal(queue: removal.queue, number: self.lastRemoval), delay))
    }

    mutating func removalIsDue(_ queue: String, _ number: Int, _ actions: inout [RuntimeAction]) {
        guard let pending = self.removals[queue], pending.number == number else { return }
        self.removals[queue] = nil
        // A manifest may have asked for the queue again.
        guard !self.consumers.keys.contains(where: { $0.queue == queue }) else { return }
        actions.append(.removeQueue(pending.removal))
    }

    mutating func leaveQueues(_ actions: inout [RuntimeAction]) {
        for (_, pending) in self.removals.sorted(by: { $0.key < $1.key }) {
            actions.append(.note(.queueIsLeft(pending.removal)))
        }
        self.removals = [:]
    }
}
