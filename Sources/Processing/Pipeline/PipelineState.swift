import DequeModule
import Manifests
import Messaging
import Topology

/// The path of one function or webhook from delivery to settlement, as a value: it takes what happens and returns what
/// is to be done about it. It knows no clock, no thread and no callback, so it can be printed, compared, and walked by
/// a model checker. `ConsumerPipeline` drives it.
///
/// Deliveries wait until one of its places is free, run, and are settled as `decide` says: see `DeliveryPhase`. When
/// the broker interrupts the subscription every tag becomes void: what waits is dropped (the broker delivers it again),
/// and what runs is let run; delivered again meanwhile, it is not run a second time.
///
/// Whatever happens is first taken note of. Then, in `advance`, follows what it leads to, always in the same order.
struct PipelineState<Policy: PipelinePolicy>: Hashable, StateMachine {
    var version: PipelineVersion
    /// What is to take the place of the present version, with the invoker that is the candidate.
    var nextVersion: PipelineVersion?
    let names: TopologyNames

    var slots: InvokerSlots
    var subscriptions = Subscriptions()
    var deliveries: DeliveryTable
    var redelivery: RedeliveryTracker<Policy>
    var health: PipelineHealth
    var hold = PauseHold()
    var bound = ByteBound()
    /// What this host remembers of the event at the head of an ordered queue.
    var orderedHead: OrderedHead?
    var drain: Drain?
    var jitter: SplitMix64

    /// - Parameters:
    ///   - jitter: lengthens back-offs.
    init(
        _ version: PipelineVersion,
        names: TopologyNames,
        slot: InvokerSlot.ID,
        jitter: SplitMix64
    ) {
        self.version = version
        self.names = names
        self.slots = InvokerSlots(slot)
        self.deliveries = DeliveryTable(limit: version.manifest.inFlight)
        self.redelivery = RedeliveryTracker(prefetch: version.manifest.prefetch)
        self.health = PipelineHealth(version.manifest.breaker)
        self.jitter = jitter
    }

    var manifest: ConsumerManifest { self.version.manifest }
    var isOrdered: Bool { self.version.manifest.ordered }
    var isDraining: Bool { self.drain != nil }
    var isStopped: Bool { self.health.status == .stopped }

    /// Events may be taken and run.
    var mayTake: Bool {
        self.slots.current.isReady && self.health.isTopologyReady && !self.isDraining
            && self.health.breaker.state != .open
    }

    /// How many events the broker may deliver ahead of their acknowledgements.
    var prefetch: Int {
        self.health.breaker.state == .probing ? 1 : min(self.manifest.prefetch, self.bound.prefetch ?? .max)
    }

    // MARK: - The one way in

    /// Takes note of what has happened, and appends what is to be done.
    mutating func handle(_ event: PipelineEvent, at now: Moment, _ actions: inout [PipelineAction]) {
        guard !self.isStopped else { return }
        switch event {
        case .subscribed(let id):
            return self.subscriptions.began(id)
        case .topologyReady:
            self.health.topologyIsReady()
        case .topologyFailed(let error):
            self.health.topologyFailed(error)
        case .delivered(let deliveries, let id, let budget):
            self.take(deliveries, of: id, budget, now, &actions)
        case .active(let id):
            self.becameActive(id, now)
        case .interrupted(let id, let what, let error):
            self.wasInterrupted(id, what, error, now, &actions)
        case .ended(let id):
            self.subscriptions.ended(id)
        case .inspected(let inspection):
            self.look(at: inspection, now, &actions)
        case .settled(let id, let result):
            self.finishReplacing(id, result, now, &actions)
        case .invoker(let slot, let event):
            self.handle(event, of: slot, now, &actions)
        case .withdrawn(let slot, let ids):
            self.keep(ids, of: slot)
        case .stopped(let slot):
            self.slots.stopped(slot)
        case .change(let version, let slot):
            self.prepareChange(to: version, slot, &actions)
        case .cancelChange:
            self.cancelChange()
        case .commitChange:
            self.commitChange(&actions)
        case .drain:
            self.beginDrain(now, &actions)
        case .due(let timer):
            self.timerIsDue(timer, now, &actions)
        }
        self.advance(now, &actions)
    }

    private mutating func timerIsDue(_ timer: PipelineTimer, _ now: Moment, _ actions: inout [PipelineAction]) {
        switch timer {
        case .breaker: self.health.breaker.pauseIsOver()
        // What is due is begun, as always. A timer that came early is armed again.
        case .head:
            if case .wait(let time)? = self.deliveries.waitingHead?.turn(at: now.instant) {
                actions.append(.arm(.head, time))
            }
        case .bytes: self.recoverBytes(now, &actions)
        case .drain: self.lookAtDrain(now, &actions)
        }
    }

    // MARK: - What follows from whatever has happened

    private mutating func advance(_ now: Moment, _ actions: inout [PipelineAction]) {
        for slot in self.slots.takeFinished() { self.stop(slot, &actions) }
        // Before anything is begun or given back: given back to a consumer that is still there it would come again.
        self.steer(&actions)
        self.beginWhatFits(now, &actions)
        self.finishDrainIfIdle(&actions)
        self.reportStatus(&actions)
    }

    /// Brings the consumer to where it should be.
    private mutating func steer(_ actions: inout [PipelineAction]) {
        if self.mayTake {
            self.want(UInt16(clamping: self.prefetch), &actions)
        } else if self.hold.isOn {
            // A short pause: what has been delivered stays here, as far as it may be held.
            if let present = self.subscriptions.present, present.prefetch > self.prefetch {
                self.want(UInt16(clamping: self.prefetch), &actions)
            }
        } else if !self.isOrdered {
            self.leave(.settling, &actions)
            self.requeueHeld(&actions)
        } else if self.deliveries.isQuiet {
            // Whoever becomes the active consumer next must find the events in their order.
            self.leave(.returning, &actions)
        }
    }

    private mutating func want(_ prefetch: UInt16, _ actions: inout [PipelineAction]) {
        if let present = self.subscriptions.present {
            guard present.prefetch != prefetch else { return }
            if self.isOrdered {
                // Not beside the present one, or what comes next could overtake what runs.
                if self.deliveries.isQuiet { self.leave(.returning, &actions) }
                return
            }
        }
        guard !self.isOrdered || self.subscriptions.leaving.isEmpty else { return }
        actions.append(.subscribe(queue: self.version.topology.queue, prefetch: prefetch))
        if let old = self.subscriptions.begin(prefetch: prefetch) { self.part(from: old, .settling, &actions) }
    }

    private mutating func leave(_ departure: UnsubscribeMode, _ actions: inout [PipelineAction]) {
        if let id = self.subscriptions.leave(departure) { self.part(from: id, departure, &actions) }
    }

    private mutating func part(
        from id: SubscriptionID,
        _ departure: UnsubscribeMode,
        _ actions: inout [PipelineAction]
    ) {
        actions.append(.unsubscribe(id, departure))
        let waiting = self.deliveries.waiting
        self.deliveries.waiting.removeAll()
        switch departure {
        case .settling:
            // After the word to stop, or the broker would deliver them here again.
            for delivery in waiting { actions.append(.requeue(delivery.tag, id)) }
        case .returning:
            // Everything goes back with the channel, in its order.
            self.voidTags(of: id)
        }
    }

    /// What still runs or is replaced without a good tag is remembered, for its message comes again.
    mutating func voidTags(of id: SubscriptionID) {
        for (orphan, delivery) in self.deliveries.interrupt(id) { self.redelivery.orphaned(orphan, delivery) }
    }

    private mutating func requeueHeld(_ actions: inout [PipelineAction]) {
        for held in self.deliveries.takeHeld() { actions.append(.requeue(held.delivery.tag, held.subscription)) }
    }
}
