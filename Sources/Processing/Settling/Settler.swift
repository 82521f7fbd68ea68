package import EventLoops
package import Logging
import Manifests
package import Messaging
import Topology

/// Carries settlements out: everything that replaces a message is confirmed by the broker before the message itself
/// is acknowledged. A crash in between makes a duplicate with the same event id, never a loss.
///
/// Confined to one loop. What the broker does not take is tried again with a pause, for as long as it lasts: the
/// message stays unacknowledged meanwhile, so it is safe where it is.
package final class Settler {
    /// A message that replaces a delivery, and what to do when nobody is bound for it.
    struct Replacement {
        enum Remedy {
            /// An event that nobody takes is kept in the parked queue.
            case park
            /// What must exist for it is gone: declare it and try again.
            case repair
        }

        var message: OutgoingMessage
        var whenUnroutable = Remedy.repair
        /// Its exchange does not exist, or may not be written to.
        var whenRefused = Remedy.repair
        /// The delay level that must exist.
        var level: Int?
    }

    private struct Job {
        var replacements: [Replacement]
        let repair: [Declaration]
        var hasRepaired = false
        /// How often the broker has refused something for good.
        var refusals = 0
        /// How often the broker has not taken something.
        var nacks = 0
        var pause = SettlementPause()
        let start = SteadyInstant.now
        let completion: (SettlementResult) -> Void
    }

    private enum Event: Sendable {
        case published(UInt64, [PublishResult])
        case declared([Declaration], BrokerError?)
    }

    /// How long a settlement may take once the host drains.
    private static let drainLimit = DrainLimits.settlingTime
    /// Then it counts as final: permissions may be in the making, but a message that is too large stays too large, and
    /// each refusal closes the channel over everybody's messages.
    private static let mostRefusals = 3
    /// From then on it is told: a queue whose leader changes says no once or twice.
    private static let toldNacks = 3

    private let broker: any Broker
    private let copies: CopyBuilder
    private let loop: EventLoop
    private let logger: Logger
    private let events: Mailbox<Event>
    private var jobs: [UInt64: Job] = [:]
    private var nextJob: UInt64 = 1
    /// Jobs that wait for declarations under way. Many events fail at the same moment and need the same things.
    private var declaring: [[Declaration]: [UInt64]] = [:]
    /// The delay levels below this one have been declared by this host.
    private var declaredLevels = 0

    package init(broker: any Broker, copies: CopyBuilder, loop: EventLoop, logger: Logger) throws(SystemError) {
        self.broker = broker
        self.copies = copies
        self.loop = loop
        self.logger = logger
        self.events = try Mailbox()
        self.events.attach(to: loop) { [weak self] events in
            for event in events { self?.handle(event) }
        }
    }

    /// The highest delay level that this host has declared; -1 when it has declared none.
    var highestLevel: Int { self.declaredLevels - 1 }

    /// Settlements under way.
    package var pending: Int { self.jobs.count }

    /// Publishes the replacements until all are confirmed.
    ///
    /// - Parameter repair: what must exist for them beside the delay levels, declared when it turns out missing.
    func replace(
        with replacements: [Replacement],
        repairingWith repair: [Declaration],
        _ completion: @escaping (SettlementResult) -> Void
    ) {
        let number = self.nextJob
        self.nextJob += 1
        self.jobs[number] = Job(
            replacements: replacements,
            repair: repair,
            completion: completion
        )
        let level = replacements.highestLevel
        if level < self.declaredLevels {
            self.publish(number)
        } else {
            self.declare(for: number, repairing: false)
        }
    }

    /// The host wants to end. Settlements go on, each for five seconds at most: when the broker is away or takes
    /// nothing, waiting longer helps nobody, and an unsettled message is safe where it is.
    package func drain() {
        let begin = SteadyInstant.now
        self.loop.schedule(after: DrainLimits.interval) { [weak self] in self?.abandonLate(since: begin) }
    }

    private func abandonLate(since begin: SteadyInstant) {
        let late = self.jobs.filter { max($0.value.start, begin).duration(to: .now) >= Self.drainLimit }
        for number in late.keys.sorted() { self.finish(number, .abandoned) }
        self.loop.schedule(after: DrainLimits.interval) { [weak self] in self?.abandonLate(since: begin) }
    }

    private func publish(_ number: UInt64) {
        guard let job = self.jobs[number] else { return }
        let events = self.events
        self.broker.publish(job.replacements.map(\.message)) { events.send(.published(number, $0)) }
    }

    private func declare(for number: UInt64, repairing: Bool) {
        guard let job = self.jobs[number] else { return }
        let level = job.replacements.highestLevel
        var declarations = repairing ? TopologyPlanner.shared(self.copies.names) + job.repair : []
        if level >= 0 { declarations += TopologyPlanner.delayLevels(upTo: level, self.copies.names) }
        let isUnderWay = self.declaring[declarations] != nil
        self.declaring[declarations, default: []].append(number)
        guard !isUnderWay else { return }
        let broker = self.broker
        let events = self.events
        let wanted = declarations
        // Unstructured, because the loop's thread has no task to be a child of; it ends with its one answer.
        Task {
            do throws(BrokerError) {
                try await broker.declare(wanted)
                events.send(.declared(wanted, nil))
            } catch {
                events.send(.declared(wanted, error))
            }
        }
    }

    private func handle(_ event: Event) {
        switch event {
        case .published(let number, let results): self.published(number, results)
        case .declared(let declarations, let error):
            let jobs = self.declaring.removeValue(forKey: declarations) ?? []
            if let error, error.kind != .closed {
                self.logger.error(
                    "cannot declare what settlements need; trying again",
                    metadata: ["reason": "\(error)", "settlements": "\(jobs.count)"]
                )
            }
            for number in jobs { self.declared(number, error) }
        }
    }

    private func declared(_ number: UInt64, _ error: BrokerError?) {
        guard let job = self.jobs[number] else { return }
        if let error {
            guard error.kind != .closed else { return self.finish(number, .abandoned) }
            self.afterPause(number) { settler in settler.declare(for: number, repairing: true) }
            return
        }
        let level = job.replacements.highestLevel
        self.declaredLevels = max(self.declaredLevels, level + 1)
        self.publish(number)
    }

    private func published(_ number: UInt64, _ results: [PublishResult]) {
        guard var job = self.jobs[number] else { return }
        var left: [Replacement] = []
        var needsRepair = false
        var needsPause = false
        var nacked: [Replacement] = []
        for (replacement, result) in zip(job.replacements, results) {
            switch result {
            case .confirmed:
                continue
            case .unroutable where replacement.whenUnroutable == .park:
                left.append(Replacement(message: self.copies.parked(replacement.message)))
            case .unroutable:
                needsRepair = true
                // Declared, and still nowhere to go: somebody deletes it again, so do not race with them.
                needsPause = needsPause || job.hasRepaired
                left.append(replacement)
            case .nacked:
                needsPause = true
                nacked.append(replacement)
                left.append(replacement)
            case .refused(let error) where replacement.whenRefused == .park:
                self.logger.error(
                    "the broker refuses an event, which is parked",
                    metadata: [
                        "event": "\(replacement.message.properties.messageID ?? "")",
                        "exchange": "\(replacement.message.exchange)", "reason": "\(error)",
                    ]
                )
                left.append(Replacement(message: self.copies.parked(replacement.message)))
            case .refused(let error):
                if error.kind == .accessRefused || error.kind == .mismatch { job.refusals += 1 }
                if job.refusals >= Self.mostRefusals { return self.finish(number, .refused(error)) }
                self.logger.error(
                    "the broker refuses a message that settles an event; trying again",
                    metadata: ["exchange": "\(replacement.message.exchange)", "reason": "\(error)"]
                )
                needsRepair = true
                needsPause = true
                left.append(replacement)
            case .headersTooLarge:
                return self.finish(number, .tooLarge)
            case .abandoned:
                return self.finish(number, .abandoned)
            }
        }
        guard !left.isEmpty else { return self.finish(number, .settled) }
        job.replacements = left
        job.hasRepaired = job.hasRepaired || needsRepair
        if let first = nacked.first {
            job.nacks += 1
            if job.nacks >= Self.toldNacks { self.tell(of: first) }
        }
        self.jobs[number] = job
        let next: (Settler) -> Void = { settler in
            if needsRepair {
                settler.declare(for: number, repairing: true)
            } else {
                settler.publish(number)
            }
        }
        let isEvent = nacked.contains { $0.whenUnroutable == .park }
        if needsPause { self.afterPause(number, isEvent: isEvent, next) } else { next(self) }
    }

    private func tell(of nacked: Replacement) {
        self.logger.warning(
            "the broker does not take a message: a queue that gets it is full, or has no leader; trying again",
            metadata: [
                "event": "\(nacked.message.properties.messageID ?? "")", "exchange": "\(nacked.message.exchange)",
                "key": "\(nacked.message.routingKey)",
            ]
        )
    }

    private func afterPause(_ number: UInt64, isEvent: Bool = false, _ body: @escaping (Settler) -> Void) {
        guard let pause = self.jobs[number]?.pause.next(isEvent: isEvent) else { return }
        self.loop.schedule(after: pause) { [weak self] in
            if let self { body(self) }
        }
    }

    private func finish(_ number: UInt64, _ result: SettlementResult) {
        self.jobs.removeValue(forKey: number)?.completion(result)
    }
}

/// How a settlement ended.
enum SettlementResult: Equatable {
    case settled
    /// Its headers are too large for a copy: only the broker itself can move the message.
    case tooLarge
    /// The broker goes on refusing what is to take its place: only the broker itself can move the message.
    case refused(BrokerError)
    /// The broker connection is being closed.
    case abandoned
}

extension [Settler.Replacement] {
    /// The delay level up to which all must exist; -1 when none is needed.
    fileprivate var highestLevel: Int { self.compactMap(\.level).max() ?? -1 }
}
