package import Logging
package import Messaging
package import Polling
package import Topology

/// Everything that runs on the intake loop: one pipeline for each function, the relay of scheduled messages, and the
/// watch over their topology. Confined to that loop.
package final class FunctionRuntime {
    private enum Event: Sendable {
        case declaredShared(BrokerError?)
        case declared(function: String, BrokerError?)
    }

    private static let pause = Duration.seconds(2)

    private let loop: EventLoop
    private let broker: any Broker
    private let intake: any Intake
    private let plan: TopologyPlan
    private let relay: ScheduledRelay
    private let pipelines: [FunctionPipeline]
    private let events: Mailbox<Event>
    private let logger: Logger
    private var isDraining = false

    package init(
        plan: TopologyPlan,
        pipelines: [FunctionPipeline],
        broker: any Broker,
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.plan = plan
        self.pipelines = pipelines
        self.broker = broker
        self.intake = intake
        self.loop = loop
        self.logger = logger
        self.relay = ScheduledRelay(intake: intake, settler: settler, copies: copies, logger: logger)
        self.events = try Mailbox()
    }

    /// Declares the topology and starts every function; each begins when its own queue and workers are there.
    package func start() {
        self.events.attach(to: self.loop) { [weak self] events in
            for event in events { self?.handle(event) }
        }
        self.relay.interrupted = { [weak self] in self?.declareShared() }
        for pipeline in self.pipelines {
            let function = pipeline.topology
            // Whatever was lost, the broker that answers next may be one without our queue.
            pipeline.interrupted = { [weak self] _ in self?.declare(function) }
            pipeline.start()
        }
        self.loop.atTurnEnd { [weak self] in self?.flush() }
        self.declareShared()
    }

    private func flush() {
        for pipeline in self.pipelines { pipeline.flush() }
        self.intake.flush()
    }

    private func declareShared() {
        self.declare(self.plan.shared) { .declaredShared($0) }
    }

    private func declare(_ function: TopologyPlan.Function) {
        let name = function.name
        self.declare(function.declarations) { .declared(function: name, $0) }
    }

    private func declare(
        _ declarations: [Declaration],
        then event: @escaping @Sendable (BrokerError?) -> Event
    ) {
        let broker = self.broker
        let events = self.events
        // Unstructured, because the loop's thread has no task to be a child of; it ends with its one answer.
        Task {
            do throws(BrokerError) {
                try await broker.declare(declarations)
                events.send(event(nil))
            } catch {
                events.send(event(error))
            }
        }
    }

    private func handle(_ event: Event) {
        guard !self.isDraining else { return }
        switch event {
        case .declaredShared(nil):
            self.relay.start()
            for pipeline in self.pipelines where pipeline.status == .starting { self.declare(pipeline.topology) }
        case .declaredShared(let error?):
            self.logger.error("cannot declare the shared topology; trying again", metadata: ["reason": "\(error)"])
            self.loop.schedule(after: Self.pause) { [weak self] in self?.declareShared() }
        case .declared(let name, nil):
            self.pipeline(name)?.topologyIsReady()
        case .declared(let name, let error?):
            guard let pipeline = self.pipeline(name) else { return }
            pipeline.topologyFailed(error)
            self.loop.schedule(after: Self.pause) { [weak self] in self?.declare(pipeline.topology) }
        }
    }

    private func pipeline(_ name: String) -> FunctionPipeline? { self.pipelines.first { $0.topology.name == name } }

    /// Drains all functions, closes the intake, and calls `completion`.
    package func drain(_ completion: @escaping () -> Void) {
        guard !self.isDraining else { return }
        self.isDraining = true
        var left = self.pipelines.count + 1
        let finished = { [weak self] in
            left -= 1
            guard left == 0, let self else { return }
            self.intake.close(completion)
        }
        self.relay.drain(finished)
        for pipeline in self.pipelines { pipeline.drain(finished) }
    }
}
