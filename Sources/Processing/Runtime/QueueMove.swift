import Deployments
import Messaging
import Polling
import Topology

/// How far a function is on its way from one queue to another, which its manifest names now.
///
/// It goes on as it was until the new queue is there and bound. Then the old one is unbound, and what is left in it is
/// worked off by the old version beside the new one; when it is empty the old version drains and ends. So no event falls
/// in between and none stays behind; one that comes while both are bound goes to both, and runs twice. An ordered
/// function's events of the new queue do not wait for those of the old one. Retries that are still in a delay come back to
/// the old queue, which stays and is reported.
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

extension ConsumerRuntime {
    func beginMove(of key: ConsumerKey) {
        self.moves[key] = QueueMove()
        self.continueMove(of: key)
    }

    /// What a function's queue consists of now.
    func declarations(of key: ConsumerKey) -> [Declaration]? {
        guard let topology = self.pipelines[key]?.topology else { return nil }
        guard self.moves[key]?.isUnbound == true else { return topology.declarations }
        let gone = self.eventBindings(of: key)
        return topology.declarations.filter { declaration in
            if case .binding(let binding) = declaration { !gone.contains(binding) } else { true }
        }
    }

    /// Retries come to the queue as long as it exists.
    private func eventBindings(of key: ConsumerKey) -> [BindingDeclaration] {
        (self.pipelines[key]?.topology.bindings ?? []).filter { $0.source != self.names.delayDone }
    }

    private func continueMove(of key: ConsumerKey) {
        guard !self.isDraining, self.pipelines[key] != nil, var move = self.moves[key], !move.hasEnded
        else { return }
        // Gone for good, or wanted on this queue again: it is added anew when it has ended.
        guard let successor = self.state.successor(of: key), successor != key else { return self.endMove(of: key) }
        if move.isUnbound {
            self.keeper?.inspect(.function(key), queue: key.queue)
        } else if self.isThere(successor) {
            move.unbind()
            self.takeAway(self.eventBindings(of: key).map(Removal.binding), of: key)
        } else if self.pipelines[successor] == nil, move.isHopeless(hasWorkers: false) {
            // Its queue is taken by one that waits for ours: of a swap somebody has to go first.
            return self.endMove(of: key)
        }
        self.moves[key] = move
        self.loop.schedule(after: QueueMove.interval) { [weak self] in self?.continueMove(of: key) }
    }

    /// Its queue takes events from now on. One that is leaving itself does not stay.
    private func isThere(_ key: ConsumerKey) -> Bool {
        guard let pipeline = self.pipelines[key], self.moves[key] == nil else { return false }
        return pipeline.isTopologyReady && !pipeline.isDraining
    }

    /// The broker's view of a queue that may be one that is left.
    func continueMove(of key: ConsumerKey, _ inspection: QueueInspection) {
        guard let pipeline = self.pipelines[key], var move = self.moves[key], move.isUnbound, !move.hasEnded
        else { return }
        // While its consumer is there the queue cannot be without one: such a look says nothing.
        let isEmpty = inspection.readyMessages == 0 && !(pipeline.isConsuming && inspection.isUnknown)
        let isOver = move.isOver(hasNothingToDo: isEmpty && pipeline.hasNothingToDo)
        let isHopeless = move.isHopeless(hasWorkers: pipeline.hasWorkers)
        self.moves[key] = move
        if isOver || isHopeless { self.endMove(of: key) }
    }

    private func endMove(of key: ConsumerKey) {
        self.moves[key]?.end()
        self.leave(key, hasMoved: self.moves[key]?.isUnbound ?? false)
    }
}
