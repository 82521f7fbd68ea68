package import Logging
package import Messaging
package import Polling
package import Topology

/// Everything that runs on the intake loop: one pipeline for each function, the relay of scheduled messages, and the
/// watch over their topology. Confined to that loop.
package final class FunctionRuntime {
    /// What is declared together.
    private enum Part: Hashable, Sendable {
        case shared
        case function(Int)
    }

    private enum DeclarationState {
        case underWay
        /// Something was lost meanwhile, perhaps what has been declared already.
        case underWayAndWantedAgain
        case pausing
    }

    private struct Declared: Sendable {
        let part: Part
        let error: BrokerError?
    }

    private static let pause = Duration.seconds(2)

    private let loop: EventLoop
    private let broker: any Broker
    private let intake: any Intake
    private let plan: TopologyPlan
    private let settler: Settler
    private let relay: ScheduledRelay
    private let pipelines: [FunctionPipeline]
    private let declared: Mailbox<Declared>
    private var declaring: [Part: DeclarationState] = [:]
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
        self.settler = settler
        self.relay = ScheduledRelay(intake: intake, settler: settler, copies: copies, logger: logger)
        self.declared = try Mailbox()
    }

    /// Declares the topology and starts every function; each begins when its own queue and workers are there.
    package func start() {
        self.declared.attach(to: self.loop) { [weak self] declared in
            for declared in declared { self?.handle(declared) }
        }
        self.relay.interrupted = { [weak self] in self?.declare(.shared) }
        for (index, pipeline) in self.pipelines.enumerated() {
            // Whatever was lost, the broker that answers next may be one without our queue.
            pipeline.interrupted = { [weak self] _ in self?.declare(.function(index)) }
            pipeline.start()
        }
        self.loop.atTurnEnd { [weak self] in self?.flush() }
        self.declare(.shared)
    }

    private func flush() {
        for pipeline in self.pipelines { pipeline.flush() }
        self.intake.flush()
    }

    /// Declares a part until the broker has taken it, once at a time however often it is wanted.
    private func declare(_ part: Part) {
        guard !self.isDraining else { return }
        switch self.declaring[part] {
        case .underWay:
            self.declaring[part] = .underWayAndWantedAgain
            return
        case .underWayAndWantedAgain, .pausing:
            return
        case nil:
            self.declaring[part] = .underWay
        }
        let declarations =
            switch part {
            case .shared: self.plan.shared
            case .function(let index): self.pipelines[index].topology.declarations
            }
        let broker = self.broker
        let declared = self.declared
        // Unstructured, because the loop's thread has no task to be a child of; it ends with its one answer.
        Task {
            do throws(BrokerError) {
                try await broker.declare(declarations)
                declared.send(Declared(part: part, error: nil))
            } catch {
                declared.send(Declared(part: part, error: error))
            }
        }
    }

    private func handle(_ declared: Declared) {
        guard !self.isDraining else { return }
        let part = declared.part
        let state = self.declaring.removeValue(forKey: part)
        switch (part, declared.error) {
        case (.shared, nil):
            self.relay.start()
            // Whatever their state: events wait in the queue of a function whose workers cannot be started.
            for index in self.pipelines.indices where !self.pipelines[index].isTopologyReady {
                self.declare(.function(index))
            }
        case (.function(let index), nil):
            self.pipelines[index].topologyIsReady()
        case (.shared, let error?):
            self.logger.error("cannot declare the shared topology; trying again", metadata: ["reason": "\(error)"])
            for pipeline in self.pipelines where !pipeline.isTopologyReady { pipeline.topologyFailed(error) }
        case (.function(let index), let error?):
            self.pipelines[index].topologyFailed(error)
        }
        if declared.error != nil {
            self.declaring[part] = .pausing
            self.loop.schedule(after: Self.pause) { [weak self] in
                self?.declaring[part] = nil
                self?.declare(part)
            }
        } else if case .underWayAndWantedAgain = state {
            self.declare(part)
        }
    }

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
        self.settler.drain()
        self.relay.drain(finished)
        for pipeline in self.pipelines { pipeline.drain(finished) }
    }
}
