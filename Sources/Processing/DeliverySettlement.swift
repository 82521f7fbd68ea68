import Logging
import Manifests
import Messaging
import Topology

/// Carries out what `decide` says about the deliveries of one function, and tells the broker when it is done.
/// Confined to one loop.
final class DeliverySettlement {
    private var manifest: ConsumerManifest
    private var topology: TopologyPlan.Consumer
    private let intake: any Intake
    private let settler: Settler
    private let copies: CopyBuilder
    private let clock: WallClock
    private let logger: Logger
    private var receipts: [ObjectIdentifier: Receipt] = [:]
    /// Called after each settlement that took its time.
    var settled: () -> Void = {}
    /// Called with what is settled and has been acknowledged.
    var acknowledged: (Receipt) -> Void = { _ in }
    /// Called with what is settled and cannot be acknowledged.
    var unacknowledged: (Receipt) -> Void = { _ in }
    /// Called with what could not be settled and was taken back by the broker.
    var unsettled: (Receipt) -> Void = { _ in }

    /// Settlements under way.
    var pending: Int { self.receipts.count }
    /// Since when the oldest of them is under way.
    var oldest: ContinuousClock.Instant? { self.receipts.values.map(\.since).min() }
    var deliveries: some Sequence<Delivery> { self.receipts.values.lazy.map(\.delivery) }
    /// Settlements under way whose delivery the broker has taken back.
    var orphans: [Receipt] { self.receipts.values.filter(\.life.isOver) }

    init(
        manifest: ConsumerManifest,
        topology: TopologyPlan.Consumer,
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        clock: WallClock,
        logger: Logger
    ) {
        self.manifest = manifest
        self.topology = topology
        self.intake = intake
        self.settler = settler
        self.copies = copies
        self.clock = clock
        self.logger = logger
    }

    /// From now on by another version of the manifest.
    func change(to manifest: ConsumerManifest, _ topology: TopologyPlan.Consumer) {
        self.manifest = manifest
        self.topology = topology
    }

    func decide(_ running: RunningDelivery, _ outcome: Outcome) -> Settlement {
        let settlement = Processing.decide(
            outcome,
            after: running.history,
            under: self.manifest.retry,
            now: self.clock.milliseconds,
            random: .random(in: 0..<1)
        )
        self.log(settlement, running)
        return settlement
    }

    /// Dead-letters what is past its end.
    func expire(_ running: RunningDelivery) {
        var history = running.history
        history.firstFailedAt = history.firstFailedAt ?? self.clock.milliseconds
        let settlement = Settlement.deadLetter(.expired, history, Expiry.failure)
        self.log(settlement, running)
        self.carryOut(settlement, running)
    }

    @discardableResult
    func carryOut(_ settlement: Settlement, _ running: RunningDelivery) -> Receipt {
        let now = self.clock.milliseconds
        switch settlement {
        case .acknowledge(let emitted):
            return self.replace(running, with: self.replacements(emitted, of: running, now: now))
        case .retry(let delay, let history, let failure):
            let (message, level) = self.copies.retry(
                running.delivery,
                queue: self.topology.queue,
                function: self.manifest.name,
                origin: running.origin,
                after: delay,
                expiresAt: running.expiresAt,
                history: history,
                failure: failure
            )
            return self.replace(running, with: [Settler.Replacement(message: message, level: level)])
        case .deadLetter(let reason, let history, let failure):
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
            return self.replace(running, with: [Settler.Replacement(message: message)])
        }
    }

    private func replacements(
        _ emitted: [EmittedEvent],
        of running: RunningDelivery,
        now: Int64
    ) -> [Settler.Replacement] {
        let attributes = EventAttributes(running.delivery)
        let source = running.delivery.bytes.text(attributes.source) ?? ""
        let cause = (source: source, id: running.delivery.eventID(attributes))
        return emitted.enumerated().map { number, event in
            let (message, level) = self.copies.emitted(
                event,
                number: number,
                by: self.manifest.name,
                for: cause,
                exchange: self.manifest.exchange,
                now: now
            )
            return Settler.Replacement(message: message, whenUnroutable: level == nil ? .park : .repair, level: level)
        }
    }

    private func replace(_ running: RunningDelivery, with replacements: [Settler.Replacement]) -> Receipt {
        let receipt = Receipt(running)
        let number = ObjectIdentifier(receipt)
        self.receipts[number] = receipt
        self.settler.replace(with: replacements, repairingWith: self.topology.declarations) { [weak self] result in
            guard let self else { return }
            self.receipts[number] = nil
            self.finish(receipt, result)
            self.settled()
        }
        return receipt
    }

    private func finish(_ receipt: Receipt, _ result: Settler.Result) {
        let subscription = receipt.life.subscription
        switch result {
        case .settled where receipt.life.isOver:
            self.unacknowledged(receipt)
        case .settled:
            self.intake.acknowledge(receipt.delivery.tag, of: subscription)
            self.acknowledged(receipt)
        case .tooLarge where receipt.life.isOver, .refused where receipt.life.isOver,
            .abandoned where receipt.life.isOver:
            self.unsettled(receipt)
        case .tooLarge:
            self.refuse(receipt.delivery, of: subscription, because: "its headers leave no room for a copy's")
        case .refused(let error):
            self.refuse(
                receipt.delivery,
                of: subscription,
                because: "the broker refuses what is to follow it: \(error)"
            )
        case .abandoned:
            self.intake.giveBack(receipt.delivery.tag, of: subscription)
        }
    }

    /// Has the broker dead-letter a delivery of which the host cannot make a copy.
    func refuse(_ delivery: Delivery, of subscription: SubscriptionID, because reason: String) {
        self.intake.refuse(delivery.tag, of: subscription)
        self.logger.warning(
            "dead-lettered by the broker",
            metadata: ["event": "\(delivery.eventID(EventAttributes(delivery)))", "reason": "\(reason)"]
        )
    }

    private func log(_ settlement: Settlement, _ running: RunningDelivery) {
        func metadata(_ failure: Failure) -> Logger.Metadata {
            [
                "event": "\(running.delivery.eventID(EventAttributes(running.delivery)))",
                "attempt": "\(running.history.attempt)",
                "error": "\(failure.message.prefix(bytes: RuntimeHeaders.longestError))",
            ]
        }
        switch settlement {
        case .acknowledge:
            break
        case .retry(let delay, let history, let failure):
            let isLater = history.attempt == running.history.attempt
            self.logger.notice(
                isLater ? "event put off" : "event failed and is retried",
                metadata: metadata(failure).merging(["retry-in": "\(delay.words)"]) { $1 }
            )
        case .deadLetter(let reason, _, let failure):
            self.logger.warning(
                "event dead-lettered",
                metadata: metadata(failure).merging(["reason": "\(reason.rawValue)"]) { $1 }
            )
        }
    }
}
