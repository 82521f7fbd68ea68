import DequeModule
package import Logging
package import Manifests
package import Messaging
import Polling
package import Topology

/// One function's path from delivery to settlement, confined to one loop.
///
/// Deliveries wait here until one of `concurrency` places is free, run, and are settled by `decide`. When the broker
/// interrupts the subscription every tag becomes void: what waits is dropped (the broker delivers it again), and what
/// runs is let run without being settled.
package final class FunctionPipeline {
    private enum Intaking {
        /// Nothing is delivered and nothing will be.
        case none
        case subscribed(SubscriptionLife)
        /// Unsubscribed; deliveries may come until the broker has confirmed it, and go back.
        case leaving(SubscriptionLife)
    }

    package let manifest: FunctionManifest
    package let topology: TopologyPlan.Function
    private let invoker: any Invoker
    private let intake: any Intake
    private let copies: CopyBuilder
    private let settlement: DeliverySettlement
    private let logger: Logger
    private let metrics: ProcessingMetrics
    private let report: (FunctionStatus) -> Void

    private var intaking = Intaking.none
    /// All of the present subscription.
    private var waiting = Deque<Delivery>()
    private var running: [RunningDelivery?] = []
    private var freePlaces: [Int] = []
    private var runs: UInt64 = 0
    private var isInvokerReady = false
    /// The function's queue exists, as far as this host knows.
    package private(set) var isTopologyReady = false
    /// The broker delivers.
    private var isActive = false
    private var invokerProblem: String?
    private var topologyProblem: String?
    private var intakeProblem: String?
    private var isDraining = false
    private var isDrained = false
    private var drainCompletion: (() -> Void)?
    package private(set) var status = FunctionStatus.starting

    /// - Parameters:
    ///   - report: called on the loop's thread when the status changes.
    ///   - logger: with the function's name in its metadata.
    package init(
        manifest: FunctionManifest,
        topology: TopologyPlan.Function,
        invoker: any Invoker,
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        clock: WallClock,
        logger: Logger,
        report: @escaping (FunctionStatus) -> Void
    ) {
        self.manifest = manifest
        self.topology = topology
        self.invoker = invoker
        self.intake = intake
        self.copies = copies
        self.settlement = DeliverySettlement(
            manifest: manifest,
            topology: topology,
            intake: intake,
            settler: settler,
            copies: copies,
            clock: clock,
            logger: logger
        )
        self.logger = logger
        self.metrics = ProcessingMetrics(function: manifest.name)
        self.report = report
        self.freePlaces = Array((0..<manifest.concurrency).reversed())
        self.running = Array(repeating: nil, count: manifest.concurrency)
        self.settlement.settled = { [weak self] in self?.finishDrainIfIdle() }
    }

    // MARK: - Coming up

    package func start() {
        self.invoker.start { [weak self] event in self?.handle(event) }
    }

    /// The function's queue exists from now on.
    package func topologyIsReady() {
        self.isTopologyReady = true
        self.topologyProblem = nil
        self.refreshStatus()
        self.subscribeIfReady()
    }

    package func topologyFailed(_ error: BrokerError) {
        self.topologyProblem = error.description
        self.refreshStatus()
    }

    private func subscribeIfReady() {
        guard self.isInvokerReady, self.isTopologyReady, !self.isDraining, case .none = self.intaking else { return }
        let subscription = self.intake.subscribe(
            to: self.topology.queue,
            prefetch: UInt16(clamping: self.manifest.prefetch)
        ) { [weak self] event in
            self?.handle(event)
        }
        self.intaking = .subscribed(SubscriptionLife(subscription))
    }

    private func unsubscribe() {
        guard case .subscribed(let life) = self.intaking else { return }
        self.intaking = .leaving(life)
        self.intake.unsubscribe(life.subscription)
        // After the word to stop, or the broker would deliver them here again.
        for delivery in self.waiting { self.intake.giveBack(delivery.tag, of: life.subscription) }
        self.waiting.removeAll()
    }

    /// A function is well when nothing is known to the contrary and the broker delivers to it.
    private func refreshStatus() {
        guard !self.isDraining else { return }
        if let problem = self.invokerProblem ?? self.topologyProblem ?? self.intakeProblem {
            self.set(.unhealthy(reason: problem))
        } else if self.isInvokerReady, self.isActive {
            self.set(.running)
        }
    }

    private func set(_ status: FunctionStatus) {
        guard self.status != status else { return }
        self.status = status
        self.report(status)
    }

    // MARK: - Deliveries

    private func handle(_ event: SubscriptionEvent) {
        switch event {
        case .active:
            self.isActive = true
            self.intakeProblem = nil
            self.refreshStatus()
        case .deliveries(let deliveries):
            self.take(deliveries)
        case .interrupted(let what, let error):
            self.wasInterrupted(what)
            self.intakeProblem = error.description
            self.refreshStatus()
            self.logger.notice("deliveries stopped", metadata: ["lost": "\(what.rawValue)", "reason": "\(error)"])
            self.interrupted?(what)
        case .ended:
            self.intaking = .none
            self.isActive = false
            self.finishDrainIfIdle()
            self.subscribeIfReady()
        }
    }

    private func wasInterrupted(_ what: Interruption) {
        self.isActive = false
        switch self.intaking {
        case .none: break
        case .subscribed(let life):
            life.end()
            self.intaking = .subscribed(SubscriptionLife(life.subscription))
        case .leaving(let life):
            life.end()
            self.intaking = .leaving(SubscriptionLife(life.subscription))
        }
        // With the connection go the channels of earlier subscriptions, too.
        if what == .connection { for running in self.running { running?.life.end() } }
        self.waiting.removeAll()
    }

    /// Called when the subscription is interrupted: the runtime makes sure that the queue exists.
    package var interrupted: ((Interruption) -> Void)?

    private func take(_ deliveries: [Delivery]) {
        self.metrics.took(deliveries.count)
        switch self.intaking {
        case .none: break
        case .leaving(let life):
            for delivery in deliveries { self.intake.giveBack(delivery.tag, of: life.subscription) }
        case .subscribed(let life):
            for delivery in deliveries {
                if let size = delivery.omittedBodySize {
                    let reason = "its body of \(size) bytes is over the limit"
                    self.settlement.refuse(delivery, of: life.subscription, because: reason)
                } else {
                    self.waiting.append(delivery)
                }
            }
            self.fill()
        }
    }

    private func fill() {
        guard self.isInvokerReady, case .subscribed(let life) = self.intaking else { return }
        while !self.waiting.isEmpty, let place = self.freePlaces.popLast() {
            self.run(self.waiting.removeFirst(), at: place, in: life)
        }
    }

    private func run(_ delivery: Delivery, at place: Int, in life: SubscriptionLife) {
        let attributes = EventAttributes(delivery)
        var history = AttemptHistory()
        var origin: Origin?
        if self.copies.names.isDelay(exchange: delivery.exchange) {
            let headers = delivery.headers
            history = AttemptHistory(headers)
            origin = Origin(headers)
        }
        self.runs += 1
        let id = self.runs << 16 | UInt64(place)
        self.running[place] = RunningDelivery(
            id: id,
            delivery: delivery,
            history: history,
            origin: origin ?? Origin(exchange: delivery.exchange, routingKey: delivery.routingKey),
            life: life
        )
        self.invoker.invoke(
            Invocation(
                id: id,
                delivery: delivery,
                attributes: attributes,
                generatedID: attributes.id.count == 0 ? delivery.eventID(attributes) : nil,
                attempt: history.attempt,
                maxAttempts: self.manifest.retry.maxAttempts,
                originalRoutingKey: origin?.routingKey
            )
        )
    }

    private func free(_ id: UInt64) -> RunningDelivery? {
        let place = Int(id & 0xffff)
        guard place < self.running.count, let running = self.running[place], running.id == id else { return nil }
        self.running[place] = nil
        self.freePlaces.append(place)
        return running
    }

    // MARK: - Outcomes

    private func handle(_ event: InvokerEvent) {
        switch event {
        case .ready:
            self.isInvokerReady = true
            self.invokerProblem = nil
            self.refreshStatus()
            self.subscribeIfReady()
        case .unavailable(let reason, let notRun):
            self.isInvokerReady = false
            self.invokerProblem = reason
            self.unsubscribe()
            for id in notRun {
                guard let running = self.free(id), !running.life.isOver else { continue }
                self.intake.giveBack(running.delivery.tag, of: running.life.subscription)
            }
            self.refreshStatus()
            self.finishDrainIfIdle()
        case .results(let results):
            self.settle(results)
        }
    }

    private func settle(_ results: [InvocationResult]) {
        var done = 0
        for result in results {
            self.metrics.ran(result)
            if case .done = result.outcome { done += 1 }
            guard let running = self.free(result.id), !running.life.isOver else { continue }
            if case .done(let emitted) = result.outcome, emitted.isEmpty {
                self.intake.acknowledge(running.delivery.tag, of: running.life.subscription)
            } else {
                self.settlement.settle(running, result.outcome)
            }
        }
        self.metrics.done(done)
        self.fill()
        self.finishDrainIfIdle()
    }

    // MARK: - Going down

    /// Stops intake, gives back what has not begun, lets run what runs, settles it, and calls `completion`.
    package func drain(_ completion: @escaping () -> Void) {
        guard !self.isDraining else { return completion() }
        self.isDraining = true
        self.drainCompletion = completion
        self.set(.draining)
        self.unsubscribe()
        self.finishDrainIfIdle()
    }

    private func finishDrainIfIdle() {
        guard self.isDraining, !self.isDrained, case .none = self.intaking,
            self.freePlaces.count == self.running.count, self.settlement.pending == 0
        else { return }
        self.isDrained = true
        self.invoker.stop { [weak self] in
            guard let self, let completion = self.drainCompletion else { return }
            self.drainCompletion = nil
            self.set(.stopped)
            completion()
        }
    }

    /// Sends to the workers what this turn has collected.
    package func flush() { self.invoker.flush() }
}
