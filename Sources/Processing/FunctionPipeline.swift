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
    private struct Running {
        let delivery: Delivery
        let history: AttemptHistory
        let origin: Origin
        /// The subscription's life at the time; settlements of earlier lives are void.
        let epoch: Int
    }

    package let manifest: FunctionManifest
    package let topology: TopologyPlan.Function
    private let invoker: any Invoker
    private let intake: any Intake
    private let settler: Settler
    private let copies: CopyBuilder
    private let clock: WallClock
    private let logger: Logger
    private let metrics: ProcessingMetrics
    private let report: (FunctionStatus) -> Void

    private var subscription: SubscriptionID?
    private var epoch = 0
    private var waiting: [Delivery] = []
    private var nextWaiting = 0
    private var running: [Running?] = []
    private var freePlaces: [Int] = []
    private var runs: UInt64 = 0
    private var runningCount = 0
    private var settling = 0
    private var isInvokerReady = false
    private var isTopologyReady = false
    private var drainCompletion: (() -> Void)?
    private var isDraining = false
    private var isSubscriptionEnded = true
    private var isDrained = false
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
        self.settler = settler
        self.copies = copies
        self.clock = clock
        self.logger = logger
        self.metrics = ProcessingMetrics(function: manifest.name)
        self.report = report
        self.freePlaces = Array((0..<manifest.concurrency).reversed())
        self.running = Array(repeating: nil, count: manifest.concurrency)
    }

    // MARK: - Coming up

    package func start() {
        self.invoker.start { [weak self] event in self?.handle(event) }
    }

    /// The function's queue exists from now on.
    package func topologyIsReady() {
        self.isTopologyReady = true
        self.subscribeIfReady()
    }

    package func topologyFailed(_ error: BrokerError) {
        self.set(.unhealthy(reason: error.description))
    }

    private func subscribeIfReady() {
        guard self.isInvokerReady, self.isTopologyReady, self.subscription == nil, !self.isDraining else { return }
        self.isSubscriptionEnded = false
        self.subscription = self.intake.subscribe(
            to: self.topology.queue,
            prefetch: UInt16(clamping: self.manifest.prefetch)
        ) { [weak self] event in
            self?.handle(event)
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
            if self.isInvokerReady, !self.isDraining { self.set(.running) }
        case .deliveries(let deliveries):
            self.take(deliveries)
        case .interrupted(let what, let error):
            self.epoch += 1
            self.waiting.removeAll()
            self.nextWaiting = 0
            if !self.isDraining { self.set(.unhealthy(reason: error.description)) }
            self.logger.notice("deliveries stopped", metadata: ["lost": "\(what.rawValue)", "reason": "\(error)"])
            self.interrupted?(what)
        case .ended:
            self.isSubscriptionEnded = true
            self.subscription = self.isDraining ? self.subscription : nil
            self.finishDrainIfIdle()
            self.subscribeIfReady()
        }
    }

    /// Called when the subscription is interrupted: the runtime makes sure that the queue exists.
    package var interrupted: ((Interruption) -> Void)?

    private func take(_ deliveries: [Delivery]) {
        self.metrics.took(deliveries.count)
        guard !self.isDraining, self.isInvokerReady, let subscription = self.subscription else {
            if let subscription = self.subscription {
                for delivery in deliveries { self.intake.giveBack(delivery.tag, of: subscription) }
            }
            return
        }
        for delivery in deliveries {
            if let size = delivery.omittedBodySize {
                self.refuse(delivery, of: subscription, because: "its body of \(size) bytes is over the limit")
            } else {
                self.waiting.append(delivery)
            }
        }
        self.fill()
    }

    /// Has the broker dead-letter a delivery of which the host cannot make a copy.
    private func refuse(_ delivery: Delivery, of subscription: SubscriptionID, because reason: String) {
        self.intake.refuse(delivery.tag, of: subscription)
        self.logger.warning(
            "dead-lettered by the broker",
            metadata: ["event": "\(delivery.eventID(EventAttributes(delivery)))", "reason": "\(reason)"]
        )
    }

    private func fill() {
        guard self.isInvokerReady else { return }
        while self.nextWaiting < self.waiting.count, let place = self.freePlaces.popLast() {
            let delivery = self.waiting[self.nextWaiting]
            self.nextWaiting += 1
            self.run(delivery, at: place)
        }
        if self.nextWaiting == self.waiting.count {
            self.waiting.removeAll(keepingCapacity: true)
            self.nextWaiting = 0
        } else if self.nextWaiting > 1024 {
            self.waiting.removeFirst(self.nextWaiting)
            self.nextWaiting = 0
        }
    }

    private func run(_ delivery: Delivery, at place: Int) {
        let attributes = EventAttributes(delivery)
        var history = AttemptHistory()
        var origin: Origin?
        if delivery.exchange == self.copies.names.delayDone {
            let headers = delivery.headers
            history = AttemptHistory(headers)
            origin = Origin(headers)
        }
        self.runs += 1
        let id = self.runs << 16 | UInt64(place)
        self.running[place] = Running(
            delivery: delivery,
            history: history,
            origin: origin ?? Origin(exchange: delivery.exchange, routingKey: delivery.routingKey),
            epoch: self.epoch
        )
        self.runningCount += 1
        self.invoker.invoke(
            Invocation(
                id: id,
                delivery: delivery,
                attributes: attributes,
                generatedID: attributes.id.isEmptyOrAbsent ? delivery.eventID(attributes) : nil,
                attempt: history.attempt,
                maxAttempts: self.manifest.retry.maxAttempts,
                originalRoutingKey: origin?.routingKey
            )
        )
    }

    private func free(_ id: UInt64) -> Running? {
        let place = Int(id & 0xffff)
        guard self.running.indices.contains(place), let running = self.running[place] else { return nil }
        self.running[place] = nil
        self.freePlaces.append(place)
        self.runningCount -= 1
        return running
    }

    // MARK: - Outcomes

    private func handle(_ event: InvokerEvent) {
        switch event {
        case .ready:
            self.isInvokerReady = true
            self.fill()
            self.subscribeIfReady()
            if self.subscription != nil, !self.isDraining, case .unhealthy = self.status { self.set(.running) }
        case .unavailable(let reason, let notRun):
            self.isInvokerReady = false
            self.giveBackAll(notRun)
            if !self.isDraining { self.set(.unhealthy(reason: reason)) }
        case .results(let results):
            self.settle(results)
        }
    }

    private func giveBackAll(_ notRun: [UInt64]) {
        for id in notRun {
            guard let running = self.free(id), running.epoch == self.epoch, let subscription = self.subscription else {
                continue
            }
            self.intake.giveBack(running.delivery.tag, of: subscription)
        }
        self.giveBackWaiting()
        if let subscription = self.subscription, !self.isSubscriptionEnded { self.intake.unsubscribe(subscription) }
        self.finishDrainIfIdle()
    }

    private func giveBackWaiting() {
        if let subscription = self.subscription {
            for delivery in self.waiting[self.nextWaiting...] {
                self.intake.giveBack(delivery.tag, of: subscription)
            }
        }
        self.waiting.removeAll()
        self.nextWaiting = 0
    }

    private func settle(_ results: [InvocationResult]) {
        var done = 0
        for result in results {
            self.metrics.ran(result)
            guard let running = self.free(result.id) else { continue }
            guard running.epoch == self.epoch, let subscription = self.subscription else { continue }
            if case .done(let emitted) = result.outcome, emitted.isEmpty {
                done += 1
                self.intake.acknowledge(running.delivery.tag, of: subscription)
            } else {
                self.settle(running, result.outcome, of: subscription)
            }
        }
        self.metrics.done(done)
        if self.isDraining { self.finishDrainIfIdle() } else { self.fill() }
    }

    private func settle(_ running: Running, _ outcome: Outcome, of subscription: SubscriptionID) {
        let now = self.clock.milliseconds
        let settlement = decide(
            outcome,
            after: running.history,
            under: self.manifest.retry,
            now: now,
            random: .random(in: 0..<1)
        )
        let replacements: [Settler.Replacement]
        switch settlement {
        case .acknowledge(let emitted):
            let eventID = running.delivery.eventID(EventAttributes(running.delivery))
            replacements = emitted.enumerated().map { number, event in
                let (message, level) = self.copies.emitted(
                    event,
                    number: number,
                    by: self.manifest.name,
                    for: eventID,
                    exchange: self.manifest.exchange,
                    now: now
                )
                return Settler.Replacement(
                    message: message,
                    whenUnroutable: level == nil ? .park : .repair,
                    level: level
                )
            }
        case .retry(let delay, let history, let failure):
            self.log(settlement, running, attempt: running.history.attempt, failure)
            let (message, level) = self.copies.retry(
                running.delivery,
                queue: self.topology.queue,
                function: self.manifest.name,
                origin: running.origin,
                after: delay,
                history: history,
                failure: failure
            )
            replacements = [Settler.Replacement(message: message, whenUnroutable: .repair, level: level)]
        case .deadLetter(let reason, let history, let failure):
            self.log(settlement, running, attempt: running.history.attempt, failure)
            let message = self.copies.deadLetter(
                running.delivery,
                queue: self.topology.queue,
                function: self.manifest.name,
                origin: running.origin,
                reason: reason,
                history: history,
                failure: failure,
                now: now
            )
            replacements = [Settler.Replacement(message: message, whenUnroutable: .repair, level: nil)]
        }
        self.replace(running, with: replacements, of: subscription)
    }

    private func replace(
        _ running: Running,
        with replacements: [Settler.Replacement],
        of subscription: SubscriptionID
    ) {
        self.settling += 1
        let tag = running.delivery.tag
        self.settler.replace(with: replacements, repairingWith: self.topology.declarations) { [weak self] result in
            guard let self else { return }
            self.settling -= 1
            switch result {
            case .settled:
                self.intake.acknowledge(tag, of: subscription)
            case .tooLarge:
                self.refuse(running.delivery, of: subscription, because: "its headers leave no room for a copy's")
            case .abandoned:
                self.intake.giveBack(tag, of: subscription)
            }
            self.finishDrainIfIdle()
        }
    }

    private func log(_ settlement: Settlement, _ running: Running, attempt: Int, _ failure: Failure) {
        var metadata: Logger.Metadata = [
            "event": "\(running.delivery.eventID(EventAttributes(running.delivery)))",
            "attempt": "\(attempt)",
            "error": "\(failure.message)",
        ]
        switch settlement {
        case .acknowledge:
            break
        case .retry(let delay, let history, _):
            metadata["retry-in"] = "\(delay)"
            let isLater = history.attempt == attempt
            self.logger.notice(isLater ? "event put off" : "event failed and is retried", metadata: metadata)
        case .deadLetter(let reason, _, _):
            metadata["reason"] = "\(reason.rawValue)"
            self.logger.warning("event dead-lettered", metadata: metadata)
        }
    }

    // MARK: - Going down

    /// Stops intake, gives back what has not begun, lets run what runs, settles it, and calls `completion`.
    package func drain(_ completion: @escaping () -> Void) {
        guard !self.isDraining else { return completion() }
        self.isDraining = true
        self.drainCompletion = completion
        self.set(.draining)
        self.giveBackWaiting()
        if let subscription = self.subscription, !self.isSubscriptionEnded { self.intake.unsubscribe(subscription) }
        self.finishDrainIfIdle()
    }

    private func finishDrainIfIdle() {
        guard self.isDraining, !self.isDrained, self.isSubscriptionEnded, self.runningCount == 0, self.settling == 0
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

extension ByteRange {
    fileprivate var isEmptyOrAbsent: Bool { self.count == 0 }
}
