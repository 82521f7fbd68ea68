package import Logging
package import Manifests
package import Messaging
package import Polling
package import Topology

/// The path of one function or webhook from delivery to settlement, confined to one loop.
///
/// Deliveries wait until one of its places is free, run, and are settled by `decide`. When the broker
/// interrupts the subscription every tag becomes void: what waits is dropped (the broker delivers it again), and what
/// runs is let run; delivered again meanwhile, it is not run a second time.
///
/// The invoker can be exchanged while events run: see `change`. The consumer, the places and the count of what runs stay
/// the same, so a new version begins without a gap and without more in flight than allowed.
package final class ConsumerPipeline {
    package internal(set) var manifest: ConsumerManifest
    package internal(set) var topology: TopologyPlan.Consumer
    let intake: any Intake
    private let copies: CopyBuilder
    private let clock: WallClock
    let settlement: DeliverySettlement
    let loop: EventLoop
    let logger: Logger
    let metrics: ProcessingMetrics
    private let report: (ConsumerStatus) -> Void

    var tenure: Tenure
    var candidate: Candidate?
    var retired: [Tenure] = []
    lazy var consumption = Consumption(
        intake: self.intake,
        sift: { [weak self] deliveries, life in self?.sift(deliveries, in: life) ?? deliveries },
        handler: { [weak self] event in self?.handle(event) }
    )
    var inFlight: InFlight
    var breaker: Breaker
    var breakerReason = ""
    var breakerTimer: TimerID?
    /// The invocation that shows whether a paused function is well again.
    var probe: UInt64?
    var recentAcks: RecentAcks
    var recognition = Recognition()
    var head: OrderedHead?
    /// The head's delivery while it waits for its next attempt.
    var held: (delivery: Delivery, life: SubscriptionLife, since: ContinuousClock.Instant)?
    var headTimer: TimerID?
    var hold = PauseHold()
    var duplicates = DuplicateHold()
    var bound = ByteBound()
    var boundTimer: TimerID?
    /// How many bytes it may hold now.
    let byteBudget: () -> Int
    var watch = ConsumerWatch()
    /// What is to take the place of its events has not been confirmed for long.
    var settlesLate = false
    /// It has been said that a publisher counts milliseconds.
    var hasToldOfMilliseconds = false

    /// The queue exists, as far as this host knows.
    package private(set) var isTopologyReady = false
    private var topologyProblem: String?
    private var intakeProblem: String?
    var isDraining = false
    var isDrained = false
    var hasAbandonedSettlements = false
    var drainCompletions: [() -> Void] = []
    package private(set) var status = ConsumerStatus.starting

    /// - Parameters:
    ///   - logger: with the name of the function or webhook in its metadata.
    ///   - byteBudget: how many bytes of events it may hold now.
    ///   - report: called on the loop's thread when the status changes.
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
        byteBudget: @escaping () -> Int = { .max },
        report: @escaping (ConsumerStatus) -> Void
    ) {
        self.byteBudget = byteBudget
        self.manifest = manifest
        self.topology = topology
        self.tenure = Tenure(invoker)
        self.intake = intake
        self.copies = copies
        self.clock = clock
        self.settlement = DeliverySettlement(
            manifest: manifest,
            topology: topology,
            intake: intake,
            settler: settler,
            copies: copies,
            clock: clock,
            logger: logger
        )
        self.loop = loop
        self.logger = logger
        self.metrics = ProcessingMetrics(manifest)
        self.report = report
        self.inFlight = InFlight(limit: manifest.inFlight)
        self.breaker = Breaker(manifest.breaker)
        self.recentAcks = RecentAcks(capacity: manifest.prefetch)
        self.settlement.settled = { [weak self] in
            guard let self else { return }
            if self.settlesLate { self.lookAtSettlements() }
            self.steer()
        }
        self.settlement.acknowledged = { [weak self] in self?.recentAcks.add($0.delivery, at: .now) }
        self.settlement.unacknowledged = { [weak self] receipt in
            self?.recognition.ended(receipt)
            self?.recognition.settled(receipt.delivery, now: .now)
        }
        self.settlement.unsettled = { [weak self] in self?.recognition.ended($0) }
    }

    // MARK: - Coming up

    package func start() { self.start(self.tenure) }

    func start(_ tenure: Tenure) {
        tenure.invoker.start { [weak self, weak tenure] event in
            if let tenure { self?.handle(event, of: tenure) }
        }
    }

    /// The queue exists from now on.
    package func topologyIsReady() {
        self.isTopologyReady = true
        self.topologyProblem = nil
        self.steer()
    }

    package func topologyFailed(_ error: BrokerError) {
        self.topologyProblem = error.description
        self.refreshStatus()
    }

    var mayTake: Bool {
        self.tenure.isReady && self.isTopologyReady && !self.isDraining && self.breaker.state != .open
    }

    /// Whether something is being run or settled whose place in an ordered queue must not be given up.
    private var isBusy: Bool { !self.inFlight.isEmpty || self.settlement.pending > 0 }

    /// Brings the consumer to where it should be, after whatever has changed.
    func steer() {
        if self.mayTake {
            self.consumption.want(
                self.topology.queue,
                prefetch: UInt16(clamping: self.prefetch),
                isAlone: self.manifest.ordered
            )
        } else if self.hold.isOn {
            // A short pause: what has been delivered stays here.
        } else if !self.manifest.ordered {
            self.consumption.leave(.settling)
            self.giveBack(self.hold.takeAll() + self.duplicates.takeAll())
        } else if !self.isBusy {
            // Whoever becomes the active consumer next must find the events in their order.
            self.dropHeld()
            _ = self.hold.takeAll() + self.duplicates.takeAll()
            self.consumption.leave(.returning)
        }
        self.refreshStatus()
        self.finishDrainIfIdle()
    }

    /// It is well when nothing is known to the contrary and the broker delivers to it.
    func refreshStatus() {
        guard !self.isDraining else { return }
        if let problem = self.tenure.problem ?? self.topologyProblem ?? self.intakeProblem {
            self.set(.unhealthy(reason: problem))
        } else if let reason = self.tenure.pause {
            self.set(.paused(reason: reason))
        } else if self.breaker.state != .closed {
            self.set(.degraded(reason: self.breakerReason))
        } else if self.settlesLate {
            self.set(.degraded(reason: Self.lateSettlement))
        } else if self.tenure.isReady, self.consumption.isActive {
            self.set(.running)
        }
    }

    func set(_ status: ConsumerStatus) {
        guard self.status != status else { return }
        self.status = status
        self.report(status)
    }

    // MARK: - Deliveries

    private func handle(_ event: Consumption.Event) {
        switch event {
        case .active:
            self.intakeProblem = nil
            self.recognition.delivering(since: .now)
            self.refreshStatus()
        case .arrived(let count, let largest):
            self.metrics.took(count)
            self.watch.progressed()
            if largest >= Self.largeEvent { self.boundBytes() }
            self.fill()
        case .oversized(let deliveries, let life):
            for delivery in deliveries {
                let reason = "its body of \(delivery.omittedBodySize ?? 0) bytes is over the limit"
                self.settlement.refuse(delivery, of: life.subscription, because: reason)
            }
        case .interrupted(let what, let error, let isCurrent):
            self.wasInterrupted()
            if isCurrent {
                self.intakeProblem = error.description
                self.recognition.interrupted(now: .now)
            }
            self.refreshStatus()
            self.logger.notice("deliveries stopped", metadata: ["lost": "\(what.rawValue)", "reason": "\(error)"])
            self.interrupted?(what)
        case .ended:
            self.steer()
        }
    }

    private func wasInterrupted() {
        // Only the lives that are over: another subscription may be on another connection.
        for running in self.inFlight.all where running.life.isOver { self.recognition.orphaned(running) }
        for receipt in self.settlement.orphans { self.recognition.orphaned(receipt) }
        let now = ContinuousClock.now
        for delivery in self.recentAcks.takeAll(at: now) { self.recognition.settled(delivery, now: now) }
        if let held = self.held, held.life.isOver { self.dropHeld() }
        self.hold.dropVoid()
        self.duplicates.dropVoid()
    }

    /// Called when the subscription is interrupted: the runtime makes sure that the queue exists.
    package var interrupted: ((Interruption) -> Void)?

    func fill() {
        guard self.mayTake else { return }
        while self.hasRoom, let kept = self.hold.next() { self.begin(kept) }
        while self.hasRoom, let kept = self.duplicates.next(beside: self.inFlight) { self.begin(kept) }
        while self.hasRoom, let (delivery, life) = self.consumption.next() {
            if self.manifest.ordered { self.runInOrder(delivery, in: life) } else { self.run(delivery, in: life) }
        }
        if self.hold.isEmpty, !self.consumption.hasWaiting { self.hold.ranDry() }
    }

    /// Whether another event may begin. What ran before a pause holds up no probe.
    private var hasRoom: Bool {
        guard self.held == nil, self.inFlight.hasRoom, self.inFlight.count < self.bound.prefetch ?? .max else {
            return false
        }
        return self.breaker.state != .probing || self.probe == nil
    }

    /// Takes out what comes again and needs no other run.
    private func sift(_ deliveries: [Delivery], in life: SubscriptionLife) -> [Delivery] {
        guard !self.recognition.isEmpty else { return deliveries }
        let now = ContinuousClock.now
        return deliveries.filter { !self.recognize($0, in: life, now) }
    }

    private func recognize(_ delivery: Delivery, in life: SubscriptionLife, _ now: ContinuousClock.Instant) -> Bool {
        switch self.recognition.recognize(delivery, now: now) {
        case nil:
            return false
        case .settled:
            self.metrics.acknowledgedAgain()
            self.intake.acknowledge(delivery.tag, of: life.subscription)
            self.recentAcks.add(delivery, at: now)
            return true
        case .running(let id):
            guard self.inFlight[id] != nil else { return false }
            self.inFlight[id]?.delivery = delivery
            self.inFlight[id]?.life = life
            return true
        case .settling(let receipt):
            receipt.replace(delivery, life)
            return true
        }
    }

    /// - Parameter head: what this host knows of it as the head of an ordered queue.
    func run(_ delivery: Delivery, in life: SubscriptionLife, continuing head: OrderedHead? = nil) {
        var history = head?.history ?? AttemptHistory()
        var origin: Origin?
        let isCopy = self.copies.names.isDelay(exchange: delivery.exchange)
        let layout = delivery.layout
        if isCopy {
            let headers = delivery.headers(layout)
            if head == nil { history = AttemptHistory(headers) }
            origin = Origin(headers)
        }
        self.begin(
            RunningDelivery(
                id: 0,
                delivery: delivery,
                history: history,
                origin: origin ?? Origin(exchange: delivery.exchange, routingKey: delivery.routingKey),
                expiresAt: head?.expiresAt
                    ?? Expiry.end(of: delivery, layout, isCopy: isCopy, now: self.clock.milliseconds),
                life: life,
                identity: EventIdentity(delivery, layout)
            )
        )
    }

    /// - Parameter next: gets its place, and the invocation's id with it.
    private func begin(_ next: RunningDelivery) {
        if let expiresAt = next.expiresAt, expiresAt <= self.clock.milliseconds {
            self.head = nil
            self.settlement.expire(next)
            return
        }
        guard !self.inFlight.runs(next.identity) else { return self.duplicates.keep(next) }
        let running = self.inFlight.add(next)
        if self.breaker.state == .probing { self.probe = running.id }
        self.invoke(running)
    }

    func invoke(_ running: RunningDelivery) {
        let attributes = EventAttributes(running.delivery)
        self.notePublisher(attributes, running.delivery)
        let isCopy = self.copies.names.isDelay(exchange: running.delivery.exchange)
        self.tenure.running += 1
        self.tenure.invoker.invoke(
            Invocation(
                id: running.id,
                delivery: running.delivery,
                attributes: attributes,
                generatedID: attributes.id.count == 0 ? running.delivery.eventID(attributes) : nil,
                attempt: running.history.attempt,
                maxAttempts: self.manifest.retry.maxAttempts,
                originalRoutingKey: isCopy ? running.origin.routingKey : nil
            )
        )
    }

    /// Somebody wants what has paused itself to be tried again now.
    package func reconsider() { self.tenure.invoker.reconsider() }

    // MARK: - Going down

    /// Invokers that have been told to stop and have not ended.
    var stopping = 0

    /// Sends to the workers what this turn has collected.
    package func flush() {
        self.tenure.invoker.flush()
        for tenure in self.retired { tenure.invoker.flush() }
    }
}
