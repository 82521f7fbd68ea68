package import EventLoops
package import Invoking
package import Logging
package import Manifests
package import Messaging
package import Topology

/// Drives the path of one function or webhook from delivery to settlement, confined to one loop: what happens goes into
/// `PipelineState`, and what that wants done is done here. Nothing is decided here.
package final class ConsumerPipeline {
    private let driver: Driver<PipelineState<StandardPolicy>>
    private let intake: any Intake
    private let settler: Settler
    private let messages: ReplacementBuilder
    private let clock: WallClock
    private let loop: EventLoop
    private let metrics: ProcessingMetrics
    private let log: PipelineLog
    /// Takes the size of new deliveries in bytes; returns how many bytes this consumer may hold in all.
    private let byteBudget: (Int) -> Int
    /// Bytes that have been delivered since the last look at what is held.
    private var uncountedBytes = 0
    /// In bytes. A few of this size can reach a budget.
    private static let largeEvent = 64 << 10
    /// In bytes: a sixteenth of what one consumer may hold.
    private static let mostUncounted = 4 << 20
    private let report: (PipelineReport) -> Void

    private var invokers: [InvokerSlot.ID: any Invoker] = [:]
    private var slots = 0
    private var timers: [PipelineTimer: TimerID] = [:]

    /// - Parameters:
    ///   - logger: with the name of the function or webhook in its metadata.
    ///   - byteBudget: takes the size of new deliveries in bytes; returns how many bytes it may hold in all.
    ///   - report: called on the loop's thread.
    package init(
        manifest: ConsumerManifest,
        topology: TopologyPlan.Consumer,
        invoker: any Invoker,
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        clock: WallClock,
        loop: EventLoop,
        logger: Logger,
        byteBudget: @escaping (Int) -> Int = { _ in .max },
        report: @escaping (PipelineReport) -> Void
    ) {
        let slot = InvokerSlot.ID(number: 0)
        let state = PipelineState<StandardPolicy>(
            PipelineVersion(manifest: manifest, topology: topology),
            names: copies.names,
            slot: slot,
            jitter: SplitMix64(seed: .random(in: 0...(.max)))
        )
        self.driver = Driver(state, clock: clock)
        self.invokers[slot] = invoker
        self.intake = intake
        self.settler = settler
        self.messages = ReplacementBuilder(copies: copies)
        self.clock = clock
        self.loop = loop
        self.metrics = ProcessingMetrics(manifest)
        self.log = PipelineLog(logger: logger)
        self.byteBudget = byteBudget
        self.report = report
    }

    private var state: PipelineState<StandardPolicy> { _read { yield self.driver.state } }

    // MARK: - What it is asked

    package var manifest: ConsumerManifest { self.state.version.manifest }
    package var topology: TopologyPlan.Consumer { self.state.version.topology }
    package var status: ConsumerStatus { self.state.health.status }
    /// The queue exists, as far as this host knows.
    package var isTopologyReady: Bool { self.state.health.isTopologyReady }
    var facts: PipelineFacts {
        PipelineFacts(
            // A pause ends by itself.
            hasWorkers: self.state.slots.current.isReady || self.state.slots.current.pause != nil,
            isConsuming: self.state.subscriptions.isActive,
            hasNothingToDo: self.state.deliveries.isIdle && self.state.deliveries.waiting.isEmpty
        )
    }
    /// The consumer seemed dead at the last look, which calls for another one.
    package var isSuspected: Bool { self.state.health.watch.suspicions > 0 }
    /// How much it holds: a number of events, and their bytes.
    var holding: (events: Int, bytes: Int) { self.state.deliveries.holding }

    package func start() { self.perform(.start(InvokerSlot.ID(number: 0))) }

    /// The queue exists from now on.
    package func topologyIsReady() { self.handle(.topologyReady) }

    package func topologyFailed(_ error: BrokerError) { self.handle(.topologyFailed(error)) }

    /// What the broker knows of the function's queue; the consumer is made anew when it seems dead.
    package func observe(_ inspection: QueueInspection) { self.handle(.inspected(inspection)) }

    /// Prepares another version of the function, on the same queue. When its invoker is ready `candidateReady` is
    /// reported, and the version takes over with `commitChange`: from then on it gets what comes, and the present one
    /// ends with what it runs. An invoker that cannot get ready is dropped, unless the present one never was ready
    /// either. A change that is under way is given up for this one, and nothing is reported of it.
    package func change(to manifest: ConsumerManifest, topology: TopologyPlan.Consumer, invoker: any Invoker) {
        guard !self.state.isDraining else { return invoker.stop {} }
        self.slots += 1
        let slot = InvokerSlot.ID(number: self.slots)
        self.invokers[slot] = invoker
        self.handle(.change(PipelineVersion(manifest: manifest, topology: topology), slot))
    }

    package func cancelChange() { self.handle(.cancelChange) }

    /// What the prepared version needs is there: it takes over.
    package func commitChange() { self.handle(.commitChange) }

    /// Somebody wants what has paused itself to be tried again now.
    package func reconsider() { self.invokers[self.state.slots.current.id]?.reconsider() }

    /// Stops intake, gives back what has not begun, lets run what runs, settles it, and reports `drained`. Asked again,
    /// it does nothing more.
    ///
    /// Who does not answer is not waited for longer than `DrainLimits` allows.
    package func drain() { self.handle(.drain) }

    // MARK: - What is to be done

    private func handle(_ event: PipelineEvent) { self.driver.handle(event) { self.perform($0) } }

    private func perform(_ action: PipelineAction) {
        switch action {
        case .subscribe(let queue, let prefetch): self.subscribe(to: queue, prefetch)
        case .unsubscribe(let id, let departure): self.intake.unsubscribe(id, departure)
        case .abandon(let id): self.intake.abandon(id)
        case .renew(let id, let error): self.intake.renew(id, because: error)
        case .acknowledge(let tag, let id): self.intake.acknowledge(tag, of: id)
        case .requeue(let tag, let id): self.intake.requeue(tag, of: id)
        case .reject(let tag, let id): self.intake.reject(tag, of: id)
        case .replace(let held, let id, let settlement): self.replace(held, id, by: settlement)
        case .start(let slot): self.start(slot)
        case .run(let id, let slot): self.run(id, slot)
        case .withdraw(let slot): self.handle(.withdrawn(slot, self.invokers[slot]?.withdraw() ?? []))
        case .stop(let slot): self.stop(slot)
        case .arm(let timer, let time): self.arm(timer, time)
        case .disarm(let timer): self.disarm(timer)
        case .report(let report):
            if case .drained = report { self.disarmAll() }
            self.report(report)
        case .note(let note):
            self.metrics.count(note)
            self.log.tell(note, self.state.version)
        }
    }

    // MARK: - The broker

    private func subscribe(to queue: String, _ prefetch: UInt16) {
        var id: SubscriptionID?
        let subscription = self.intake.subscribe(to: queue, prefetch: prefetch) { [weak self] event in
            if let id { self?.handle(event, of: id) }
        }
        id = subscription
        self.driver.answer(.subscribed(subscription))
    }

    private func handle(_ event: SubscriptionEvent, of id: SubscriptionID) {
        switch event {
        case .active: self.handle(.active(id))
        case .deliveries(let deliveries):
            self.metrics.took(deliveries.count)
            self.handle(.delivered(deliveries, id, budget: self.budget(for: deliveries)))
        case .interrupted(let what, let error): self.handle(.interrupted(id, what, error))
        case .ended: self.handle(.ended(id))
        }
    }

    /// How many bytes may be held; nil when it is not the time to look.
    ///
    /// To look is to count all that all consumers hold. So it is done when an event is large, and otherwise only after
    /// a few megabytes: many small events are as large as a few large ones.
    private func budget(for deliveries: [Delivery]) -> Int? {
        var bytes = 0
        var largest = 0
        for delivery in deliveries {
            bytes += delivery.bytes.count
            largest = max(largest, delivery.bytes.count)
        }
        self.uncountedBytes += bytes
        guard largest >= Self.largeEvent || self.uncountedBytes >= Self.mostUncounted else { return nil }
        self.uncountedBytes = 0
        return self.byteBudget(bytes)
    }

    private func replace(_ held: HeldDelivery, _ id: SettlementID, by settlement: Settlement) {
        let version = self.state.version
        self.settler.replace(
            with: self.messages.replacements(of: held, by: settlement, version, now: self.clock.milliseconds),
            // Without what was unbound because the consumer moves to another queue, or takes other keys now.
            repairingWith: version.topology.declarationsWithoutEvents
        ) { [weak self] result in
            self?.handle(.settled(id, result))
        }
    }

    // MARK: - Invokers

    private func start(_ slot: InvokerSlot.ID) {
        self.invokers[slot]?.start { [weak self] event in
            if case .results(let results) = event { self?.metrics.ran(results) }
            self?.handle(.invoker(slot, event))
        }
    }

    private func run(_ id: InvocationID, _ slot: InvokerSlot.ID) {
        guard let held = self.state.deliveries.running[id] else {
            preconditionFailure("what is to run is running from the moment at which that is decided")
        }
        let delivery = held.delivery
        let attributes = EventAttributes(delivery)
        self.log.look(at: attributes, delivery)
        let isCopy = self.state.names.isDelay(exchange: delivery.exchange)
        self.invokers[slot]?.invoke(
            Invocation(
                id: id,
                delivery: delivery,
                attributes: attributes,
                resolvedID: delivery.eventIDOverride(attributes),
                attempt: held.history.attempt,
                maxAttempts: self.state.version.manifest.retry.maxAttempts,
                originalRoutingKey: isCopy ? held.origin.routingKey : nil
            )
        )
    }

    private func stop(_ slot: InvokerSlot.ID) {
        guard let invoker = self.invokers[slot] else { return }
        // It lives until it has ended, also when this pipeline is not waited for: nobody else would reap its processes.
        invoker.stop { [weak self] in
            withExtendedLifetime(invoker) { self?.invokers[slot] = nil }
            self?.handle(.stopped(slot))
        }
    }

    // MARK: - Timers

    private func arm(_ timer: PipelineTimer, _ time: Duration) {
        self.disarm(timer)
        self.timers[timer] = self.loop.schedule(after: max(.zero, time)) { [weak self] in
            self?.timers[timer] = nil
            self?.handle(.due(timer))
        }
    }

    private func disarm(_ timer: PipelineTimer) {
        if let id = self.timers.removeValue(forKey: timer) { self.loop.cancel(id) }
    }

    private func disarmAll() {
        for timer in PipelineTimer.allCases { self.disarm(timer) }
    }
}
