import EventLoops
import Invoking
import Manifests
import Messaging

/// What is known of how well a pipeline is, and what an operator is told of it.
struct PipelineHealth: Hashable {
    var breaker: Breaker
    /// Why the breaker has opened.
    var breakerReason = ""
    /// The invocation that shows whether a paused function is well again.
    var probe: InvocationID?
    /// The broker's own view of the consumer.
    var watch = ConsumerWatch()
    /// The queue exists, as far as this host knows.
    private(set) var isTopologyReady = false
    /// Why what the consumer needs of the broker is not there.
    private var topologyProblem: BrokerError?
    private var intakeProblem: IntakeProblem?
    /// What is to take the place of its events has not been confirmed for long.
    var settlesLate = false
    var status = ConsumerStatus.starting

    /// Why the broker does not deliver.
    private enum IntakeProblem: Hashable {
        case connectionLost
        case other(String)
    }

    init(_ policy: BreakerPolicy?) { self.breaker = Breaker(policy) }

    mutating func topologyIsReady() {
        self.isTopologyReady = true
        self.topologyProblem = nil
    }

    mutating func topologyFailed(_ error: BrokerError) { self.topologyProblem = error }

    mutating func deliveriesBegan() { self.intakeProblem = nil }

    mutating func deliveriesStopped(_ what: Interruption, _ error: BrokerError) {
        switch what {
        case .connection: self.intakeProblem = .connectionLost
        case .channel, .consumer: self.intakeProblem = .other(error.description)
        }
    }

    /// What is wrong between this host and the broker; nil when nothing is known to be. While the connection is lost,
    /// what else the broker does not answer says nothing more.
    var brokerProblem: ConsumerStatus? {
        let isLost = self.intakeProblem == .connectionLost
        if let problem = self.topologyProblem, !(isLost && problem.kind == .unreachable) {
            return .unhealthy(reason: problem.description)
        }
        return switch self.intakeProblem {
        case .connectionLost: .disconnected
        case .other(let words): .unhealthy(reason: words)
        case nil: nil
        }
    }

    /// Nothing that another version did counts any more.
    mutating func tryAnew(_ policy: BreakerPolicy?) {
        self.breaker = Breaker(policy)
        self.probe = nil
    }
}

/// Health: of the function, by its breaker; of its consumer, by the broker's own view; of what it holds, in bytes.
extension PipelineState {
    mutating func reportStatus(_ actions: inout [PipelineAction]) {
        guard let status = self.presentStatus, status != self.health.status else { return }
        self.health.status = status
        actions.append(.report(.status(status)))
        if status == .stopped { actions.append(.report(.drained)) }
    }

    /// It is well when nothing is known to the contrary and the broker delivers to it. Nil: as before.
    private var presentStatus: ConsumerStatus? {
        if let drain = self.drain { return self.isDone(drain) ? .stopped : .draining }
        let slot = self.slots.current
        if let problem = slot.problem { return .unhealthy(reason: problem) }
        if let problem = self.health.brokerProblem { return problem }
        if let reason = slot.pause { return .paused(reason: reason) }
        if self.health.breaker.state != .closed { return .degraded(reason: self.health.breakerReason) }
        if self.health.settlesLate { return .degraded(reason: Self.lateSettlement) }
        return slot.isReady && self.subscriptions.isActive ? .running : nil
    }

    // MARK: - The breaker

    mutating func perform(
        _ action: Breaker.Action,
        because reason: @autoclosure () -> String,
        _ actions: inout [PipelineAction]
    ) {
        switch action {
        case .none:
            return
        case .pause(let pause):
            self.health.breakerReason = reason()
            actions.append(.note(.paused(pause, reason: self.health.breakerReason)))
            self.hold.end()
            self.withdraw(self.slots.current.id, &actions)
            actions.append(.arm(.breaker, pause))
        case .resume:
            actions.append(.note(.resumed))
            actions.append(.disarm(.breaker))
        }
    }

    // MARK: - The consumer

    /// A broker that is well confirms within milliseconds; one that has lost a node, within seconds.
    static var settlingLimit: Duration { .seconds(15) }
    static var lateSettlement: String {
        "the broker does not confirm what its events become (retries, dead letters, emitted events)"
    }

    mutating func lookAtSettlements(_ now: Moment) {
        let oldest = self.deliveries.oldestSettlement
        self.health.settlesLate = oldest.map { $0.duration(to: now.instant) >= Self.settlingLimit } ?? false
    }

    /// What the broker knows of the queue; the consumer is made anew when it seems dead.
    mutating func look(at inspection: QueueInspection, _ now: Moment, _ actions: inout [PipelineAction]) {
        self.lookAtSettlements(now)
        let verdict = self.health.watch.judge(
            inspection,
            isActive: self.subscriptions.isActive && self.mayTake,
            mustProgress: self.deliveries.isIdle && !self.isOrdered
        )
        guard let reason = verdict, let id = self.subscriptions.present?.id else { return }
        actions.append(.note(.silentlyDead(reason: reason)))
        actions.append(.renew(id, because: BrokerError(.closed, reason)))
    }

    // MARK: - Bytes

    /// Large events have come: when they are too many to be held, the next ones come in smaller numbers, and what waits
    /// goes back.
    mutating func boundBytes(_ budget: Int, _ now: Moment, _ actions: inout [PipelineAction]) {
        let holding = self.deliveries.holding
        guard self.bound.holds(holding.bytes, of: holding.events, budget: budget, at: now.instant) else { return }
        actions.append(.note(.takesFewer(prefetch: self.prefetch, heldBytes: holding.bytes)))
        actions.append(.arm(.bytes, ByteBound.recovery))
    }

    mutating func recoverBytes(_ now: Moment, _ actions: inout [PipelineAction]) {
        _ = self.bound.recover(
            holding: self.deliveries.holding.bytes,
            to: self.manifest.prefetch,
            at: now.instant
        )
        if self.bound.prefetch != nil, !self.isDraining { actions.append(.arm(.bytes, ByteBound.recovery)) }
    }
}
