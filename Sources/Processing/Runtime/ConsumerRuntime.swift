package import Deployments
package import EventLoops
package import Invoking
package import Logging
package import Manifests
package import Messaging
import Topology

/// Everything that runs on the intake loop: a pipeline for each function and webhook, the relay of scheduled messages,
/// and the watch over topology and consumers. It drives `RuntimeState`, which decides. Confined to that loop.
package final class ConsumerRuntime {
    private let driver: Driver<RuntimeState>
    private let loop: EventLoop
    private let intake: any Intake
    private let settler: Settler
    private let copies: CopyBuilder
    private let clock: WallClock
    private let relay: ScheduledRelay
    private let keeper: TopologyKeeper
    private let logger: Logger
    private let makeInvoker: (ResolvedConsumer, Logger) -> any Invoker
    private let report: (ConsumerManifest, ConsumerStatus) -> Void
    private let bytes: ByteBudget
    private var drainCompletion: (() -> Void)?
    /// What runs, those that drain included.
    package private(set) var pipelines: [ConsumerKey: ConsumerPipeline] = [:]

    /// - Parameters:
    ///   - waysBackInterval: how often the delay levels and dead letters are declared again, in case somebody has
    ///     deleted a part of them; nil: never.
    ///   - bytes: how much of events may be held.
    ///   - makeInvoker: of a version, not started yet; the logger names the function or webhook.
    ///   - report: called with a manifest when the status of what it asks for changes.
    package init(
        names: TopologyNames,
        broker: any Broker,
        intake: any Intake,
        settler: Settler,
        copies: CopyBuilder,
        clock: WallClock,
        loop: EventLoop,
        logger: Logger,
        waysBackInterval: Duration? = .seconds(60),
        bytes: ByteBudget = ByteBudget(),
        makeInvoker: @escaping (ResolvedConsumer, Logger) -> any Invoker,
        report: @escaping (ConsumerManifest, ConsumerStatus) -> Void
    ) throws(SystemError) {
        self.driver = Driver(RuntimeState(names: names, waysBackInterval: waysBackInterval), clock: clock)
        self.intake = intake
        self.loop = loop
        self.logger = logger
        self.settler = settler
        self.copies = copies
        self.clock = clock
        self.bytes = bytes
        self.makeInvoker = makeInvoker
        self.report = report
        self.keeper = try TopologyKeeper(broker: broker, loop: loop)
        self.relay = ScheduledRelay(
            intake: intake,
            settler: settler,
            copies: copies,
            clock: clock,
            loop: loop,
            logger: logger
        )
        self.keeper.declared = { [weak self] part, error in self?.handle(.declared(part, error)) }
        self.keeper.inspected = { [weak self] part, answer in self?.inspected(part, answer) }
        self.relay.interrupted = { [weak self] in self?.handle(.relayInterrupted) }
    }

    /// Declares the topology and starts every function; each begins when its own queue and workers are there.
    package func start(_ deployment: Deployment) {
        // After the invokers have been flushed: what they answer at once is acknowledged in the same turn.
        self.loop.atTurnEnd { [weak self] in self?.intake.flush() }
        self.handle(.start(deployment))
    }

    /// Takes up what the directories say now.
    ///
    /// - Parameters: as for `ReloadState.apply`.
    package func apply(_ deployment: Deployment, settled: Bool, retryingRejected: Bool) {
        self.handle(.apply(deployment, settled: settled, retryingRejected: retryingRejected))
    }

    /// Drains all functions, closes the intake, and calls `completion`. Asked again meanwhile, it does nothing.
    package func drain(_ completion: @escaping () -> Void) {
        guard self.drainCompletion == nil, !self.driver.state.isDraining else { return }
        self.drainCompletion = completion
        self.handle(.drain)
    }

    private func handle(_ event: RuntimeEvent) { self.driver.handle(event) { self.perform($0) } }

    private func perform(_ action: RuntimeAction) {
        switch action {
        case .add(let key, let version, let topology): self.add(key, version, topology)
        case .change(let key, let version, let topology):
            let invoker = self.makeInvoker(version, self.logger(of: version.manifest))
            self.pipelines[key]?.change(to: version.manifest, topology: topology, invoker: invoker)
        case .cancelChange(let key): self.pipelines[key]?.cancelChange()
        case .commitChange(let key): self.pipelines[key]?.commitChange()
        case .topologyIsReady(let key): self.pipelines[key]?.topologyIsReady()
        case .topologyFailed(let key, let error): self.pipelines[key]?.topologyFailed(error)
        case .observe(let key, let inspection):
            self.pipelines[key]?.observe(inspection)
            if self.pipelines[key]?.isSuspected == true { self.handle(.suspected(key)) }
        case .reconsider(let key): self.pipelines[key]?.reconsider()
        case .drain(let key): self.pipelines[key]?.drain()
        case .forget(let key): self.pipelines[key] = nil
        case .declare(let part): self.declare(part)
        case .inspect(let part, let queue): self.keeper.inspect(part, queue: queue)
        case .remove(let removals, let key): self.remove(removals, of: key)
        case .removeQueue(let removal, let key):
            let logger = self.logger(of: key)
            self.keeper.perform { await removal.carryOut($0, logger) }
        case .startRelay: self.relay.start()
        case .drainRelay: self.relay.drain { [weak self] in self?.handle(.relayEnded) }
        case .abandonRelay: self.relay.abandon()
        case .drainSettler: self.settler.drain()
        case .closeIntake: self.close()
        case .arm(let timer, let time):
            self.loop.schedule(after: time) { [weak self] in self?.handle(.due(timer)) }
        case .note(let note): self.tell(note)
        }
    }

    // MARK: - Pipelines

    private func add(_ key: ConsumerKey, _ version: ResolvedConsumer, _ topology: TopologyPlan.Consumer) {
        let logger = self.logger(of: version.manifest)
        let pipeline = ConsumerPipeline(
            manifest: version.manifest,
            topology: topology,
            invoker: self.makeInvoker(version, logger),
            intake: self.intake,
            settler: self.settler,
            copies: self.copies,
            clock: self.clock,
            loop: self.loop,
            logger: logger,
            byteBudget: { [weak self] coming in self?.shareOfBytes(of: key, coming: coming) ?? .max },
            report: { [weak self] report in self?.handle(report, of: key) }
        )
        self.pipelines[key] = pipeline
        pipeline.start()
    }

    private func handle(_ report: PipelineReport, of key: ConsumerKey) {
        switch report {
        case .status(let status):
            if let manifest = self.pipelines[key]?.manifest { self.report(manifest, status) }
        case .interrupted: self.handle(.interrupted(key))
        case .candidateReady: self.handle(.candidateReady(key))
        case .changed(let result): self.handle(.changed(key, result))
        case .abandonedDeliveries: self.handle(.abandonedDeliveries(key))
        case .drained: self.handle(.ended(key))
        }
    }

    /// How many bytes a consumer may hold now.
    ///
    /// - Parameter coming: bytes that it is about to hold besides.
    private func shareOfBytes(of key: ConsumerKey, coming: Int) -> Int {
        self.bytes.share(among: self.pipelines.map { $0.value.holding.bytes + ($0.key == key ? coming : 0) })
    }

    // MARK: - The broker

    private func declare(_ part: TopologyPart) {
        let declarations = self.driver.state.declarations(of: part, highestLevel: self.settler.highestLevel)
        self.keeper.declare(declarations ?? [], for: part)
    }

    private func inspected(_ part: TopologyPart, _ answer: Result<QueueInspection?, BrokerError>) {
        var facts: PipelineFacts?
        if case .consumer(let key) = part, let pipeline = self.pipelines[key] { facts = pipeline.facts }
        self.handle(.inspected(part, answer, facts))
    }

    private func remove(_ removals: [Removal], of key: ConsumerKey) {
        let logger = self.logger(of: key)
        self.keeper.remove(removals) { error in
            logger.warning("bindings could not be removed", metadata: ["reason": "\(error)"])
        }
    }

    private func close() {
        let completion = self.drainCompletion
        self.drainCompletion = nil
        self.intake.close { completion?() }
    }

    // MARK: - What people are told

    private func logger(of manifest: ConsumerManifest) -> Logger {
        var logger = self.logger
        logger[metadataKey: manifest.kind.word] = "\(manifest.label)"
        return logger
    }

    private func logger(of key: ConsumerKey) -> Logger {
        self.pipelines[key].map { self.logger(of: $0.manifest) } ?? self.logger
    }

    private func tell(_ note: RuntimeNote) {
        switch note {
        case .reload(let report): self.tell(report)
        case .switching(let key): self.logger(of: key).info("switching to a new version")
        case .switched(let key): self.logger(of: key).info("switched to the new version")
        case .moving(let key, let queues):
            self.logger(of: key).info(
                "moving to another queue; the old one is worked off meanwhile",
                metadata: ["from": "\(key.queue)", "to": "\(queues.joined(separator: ", "))"]
            )
        case .moveIsUnfinished(let key, let isUnbound):
            self.logger(of: key).warning(
                """
                the host ends before the queue is empty that the manifest does not name any more, and starts without it; \
                name it again until it is empty, or empty and delete it
                """,
                metadata: ["queue": "\(key.queue)", "takes-events": "\(!isUnbound)"]
            )
        case .cannotDeclareShared(let error):
            self.logger.error("cannot declare the shared topology; trying again", metadata: ["reason": "\(error)"])
        case .cannotDeclareChange(let key, let error):
            self.logger(of: key).error(
                "cannot declare what the new version needs; trying again, and the running one goes on",
                metadata: ["reason": "\(error)"]
            )
        case .cannotDeclareWaysBack(let error):
            self.logger.error(
                "cannot declare what failed events pass on their way back; trying again",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    private func tell(_ report: ReloadReport) {
        let level: Logger.Level =
            switch report {
            case .refused, .rejected: .error
            case .removalHeld: .warning
            case .mended: .notice
            }
        for line in report.lines { self.logger.log(level: level, "\(line)") }
    }
}
