import Deployments
import EventLoops
import Manifests
import Messaging
import Topology

/// How far a consumer has come in giving its place to others: its manifest names another queue now, or divides its
/// events among another number of queues.
///
/// The old consumer goes on as it was until the new queues are there and bound. Then the old queue is unbound, and the
/// old consumer works off what is left in it, beside the new ones; when the queue is empty the old consumer drains and
/// ends. So no event falls in between and none stays behind. An event that is published while both are bound goes to
/// both and runs twice. An ordered consumer takes nothing from the new queue until the old one is worked off. Retries
/// that are still in a delay come back to the old queue, which stays and is reported.
struct QueueMove {
    /// Between looks at how far it is.
    static let interval = Duration.milliseconds(100)
    /// Looks in a row that find nothing left. The second is for what was on its way from the broker at the first.
    private static let emptyLooks = 2
    /// Looks in a row that a version gets whose workers cannot be started: half a minute and more.
    private static let idleLooks = 300

    /// The events of the old queue go to the new one only.
    private(set) var isUnbound = false
    /// The old version drains.
    private(set) var hasEnded = false
    private var emptyLooks = 0
    private var idleLooks = 0

    mutating func unbind() { self.isUnbound = true }
    mutating func end() { self.hasEnded = true }

    /// One look at whether the old version has workers. True when there is no use in waiting for it any longer.
    mutating func isHopeless(hasWorkers: Bool) -> Bool {
        self.idleLooks = hasWorkers ? 0 : self.idleLooks + 1
        return self.idleLooks >= Self.idleLooks
    }

    /// One look at what is left to do, in the queue or here. True when there is nothing any more.
    mutating func isOver(hasNothingToDo: Bool) -> Bool {
        self.emptyLooks = hasNothingToDo ? self.emptyLooks + 1 : 0
        return self.emptyLooks >= Self.emptyLooks
    }
}

extension RuntimeState {
    mutating func beginMove(of key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        self.consumers[key]?.move = QueueMove()
        self.continueMove(of: key, &actions)
    }

    /// What a consumer's queue consists of now.
    func declarations(of key: ConsumerKey) -> [Declaration]? {
        guard let consumer = self.consumers[key] else { return nil }
        guard consumer.move?.isUnbound == true else { return consumer.topology.declarations }
        return consumer.topology.declarationsWithoutEvents
    }

    mutating func continueMove(of key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        guard let consumer = self.consumers[key], var move = consumer.move, !move.hasEnded else { return }
        // Since then its manifest may have gone, or asked for its queue again: whoever is to consume that is added when
        // this one has ended.
        let successors = self.reload.successors(of: key)
        guard !successors.isEmpty else { return self.endMove(of: key, &actions) }
        if move.isUnbound {
            self.look(at: key, &actions)
        } else if successors.allSatisfy({ self.isThere($0) }) {
            move.unbind()
            // Retries come to the queue as long as it exists.
            self.takeAway(consumer.topology.eventBindings.map(Removal.binding), of: key, &actions)
        }
        self.consumers[key]?.move = move
        actions.append(.arm(.move(key), QueueMove.interval))
    }

    /// Whether a consumer's queue takes events, but the consumer does not yet: it is ordered, and what was published
    /// before is in a queue that it takes over from. Another host may still run the last event of that queue.
    func waitsForOrder(_ key: ConsumerKey) -> Bool {
        guard self.consumers[key]?.manifest.ordered == true else { return false }
        return self.consumers.contains { other, consumer in
            consumer.move != nil && other.name == key.name && self.reload.successors(of: other).contains(key)
        }
    }

    /// Those that have waited for a consumer's end begin.
    func letFollow(_ key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        for (other, consumer) in self.consumers.sorted(by: { $0.key < $1.key }) where other.name == key.name {
            guard consumer.manifest.ordered, consumer.isReady, !self.waitsForOrder(other) else { continue }
            actions.append(.topologyIsReady(other))
        }
    }

    /// Its queue takes events from now on. One that is leaving itself does not stay.
    private func isThere(_ key: ConsumerKey) -> Bool {
        guard let consumer = self.consumers[key], consumer.move == nil else { return false }
        return consumer.isReady && !consumer.isLeaving
    }

    /// The broker's view of a queue that may be one that is left.
    mutating func continueMove(
        of key: ConsumerKey,
        _ inspection: QueueInspection,
        _ facts: PipelineFacts,
        _ actions: inout [RuntimeAction]
    ) {
        guard var move = self.consumers[key]?.move, move.isUnbound, !move.hasEnded else { return }
        // While its consumer is there the queue cannot be without one: such a look says nothing.
        let isEmpty = inspection.readyMessages == 0 && !(facts.isConsuming && inspection.isUnknown)
        let isOver = move.isOver(hasNothingToDo: isEmpty && facts.hasNothingToDo)
        // A consumer that waits for the queue would get what is left in it.
        let isHopeless = move.isHopeless(hasWorkers: facts.hasWorkers) && self.reload.heir(of: key) == nil
        self.consumers[key]?.move = move
        if isOver || isHopeless { self.endMove(of: key, &actions) }
    }

    private mutating func endMove(of key: ConsumerKey, _ actions: inout [RuntimeAction]) {
        self.consumers[key]?.move?.end()
        self.leave(key, &actions)
    }
}
