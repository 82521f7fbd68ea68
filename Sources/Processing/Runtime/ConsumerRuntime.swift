package import Deployments
package import Logging
package import Manifests
package import Messaging
package import Polling
package import Topology

/// Everything that runs on the intake loop: a pipeline for each function and webhook, the relay of scheduled messages, and the
/// watch over topology and consumers. It follows the deployment: they come, change and go as `ReloadState` says.
/// Confined to that loop.
package final class ConsumerRuntime {
    /// What is declared together.
    enum Part: Hashable, Sendable {
        case shared
        /// What failed events pass on their way back.
        case waysBack
        case delayLevel(Int)
        case function(ConsumerKey)
        /// What the next version of a function needs.
        case change(ConsumerKey, revision: Int)
    }

    private struct Change {
        let revision: Int
        let topology: TopologyPlan.Consumer
        /// It needs something else of the broker than the version that runs.
        let needsDeclaring: Bool
        /// Bindings that go when it has taken over. New ones come then, too.
        let obsolete: [Removal]
    }

    private static let watchInterval = Duration.seconds(10)
    /// The second look at a consumer that seems dead.
    private static let secondLook = Duration.seconds(1)

    let names: TopologyNames
    let loop: EventLoop
    private let intake: any Intake
    let settler: Settler
    private let copies: CopyBuilder
    private let clock: WallClock
    private let relay: ScheduledRelay
    private let logger: Logger
    private let makeInvoker: (ResolvedManifest, Logger) -> any Invoker
    private let report: (ConsumerManifest, ConsumerStatus) -> Void
    var keeper: TopologyKeeper<Part>?
    var state = ReloadState()
    private var changes: [ConsumerKey: Change] = [:]
    /// Functions on their way to another queue, by what they leave.
    var moves: [ConsumerKey: QueueMove] = [:]
    var delayLevels = DelayLevels()
    let waysBackInterval: Duration?
    private let bytes: ByteBudget
    private var isSharedReady = false
    var isDraining = false
    /// What runs, those that drain included.
    package private(set) var pipelines: [ConsumerKey: ConsumerPipeline] = [:]

    /// - Parameters:
    ///   - waysBackInterval: how often the delay levels and dead letters are declared again, in case somebody has deleted
    ///     a part of them; nil: never.
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
        makeInvoker: @escaping (ResolvedManifest, Logger) -> any Invoker,
        report: @escaping (ConsumerManifest, ConsumerStatus) -> Void
    ) throws(SystemError) {
        self.names = names
        self.intake = intake
        self.loop = loop
        self.logger = logger
        self.settler = settler
        self.copies = copies
        self.clock = clock
        self.waysBackInterval = waysBackInterval
        self.bytes = bytes
        self.makeInvoker = makeInvoker
        self.report = report
        self.relay = ScheduledRelay(
            intake: intake,
            settler: settler,
            copies: copies,
            clock: clock,
            loop: loop,
            logger: logger
        )
        self.keeper = try TopologyKeeper(
            broker: broker,
            loop: loop,
            declarations: { [weak self] part in self?.declarations(of: part) },
            declared: { [weak self] part, error in self?.declared(part, error) },
            inspected: { [weak self] part, inspection in self?.inspected(part, inspection) }
        )
    }

    /// Declares the topology and starts every function; each begins when its own queue and workers are there.
    package func start(_ deployment: Deployment) {
        self.relay.interrupted = { [weak self] in self?.keeper?.declare(.shared) }
        self.loop.atTurnEnd { [weak self] in self?.flush() }
        self.apply(deployment, settled: true, retryingRejected: false)
        self.keeper?.declare(.shared)
        self.watchLater()
        self.watchWaysBack()
    }

    private func flush() {
        for pipeline in self.pipelines.values { pipeline.flush() }
        self.intake.flush()
    }

    /// How many bytes a consumer may hold now.
    ///
    /// - Parameter coming: bytes that it is about to hold besides.
    private func shareOfBytes(of key: ConsumerKey, coming: Int) -> Int {
        self.bytes.share(among: self.pipelines.map { $0.value.holding.bytes + ($0.key == key ? coming : 0) })
    }

    // MARK: - Following the deployment

    /// Takes up what the directories say now.
    ///
    /// - Parameters: as for `ReloadState.apply`.
    package func apply(_ deployment: Deployment, settled: Bool, retryingRejected: Bool) {
        guard !self.isDraining else { return }
        self.perform(self.state.apply(deployment, settled: settled, retryingRejected: retryingRejected))
        if retryingRejected { for pipeline in self.pipelines.values { pipeline.reconsider() } }
    }

    private func perform(_ actions: [ReloadAction]) {
        guard !self.isDraining else { return }
        for action in actions {
            switch action {
            case .add(let key, let version, _): self.add(key, version)
            case .change(let key, let version, let revision): self.change(key, to: version, revision)
            case .cancelChange(let key): self.cancelChange(key)
            case .remove(let key, let how): self.remove(key, how)
            case .report(let report): self.log(report)
            }
        }
    }

    private func logger(of manifest: ConsumerManifest) -> Logger {
        var logger = self.logger
        logger[metadataKey: manifest.kind.word] = "\(manifest.name)"
        return logger
    }

    private func logger(of key: ConsumerKey) -> Logger {
        self.pipelines[key].map { self.logger(of: $0.manifest) } ?? self.logger
    }

    private func add(_ key: ConsumerKey, _ version: ResolvedManifest) {
        let logger = self.logger(of: version.consumer)
        let pipeline = ConsumerPipeline(
            manifest: version.consumer,
            topology: TopologyPlanner.consumer(version.consumer, self.names),
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
        // Whatever its state: events wait in the queue of a function whose workers cannot be started.
        if self.isSharedReady { self.keeper?.declare(.function(key)) }
    }

    private func change(_ key: ConsumerKey, to version: ResolvedManifest, _ revision: Int) {
        guard let pipeline = self.pipelines[key] else { return }
        self.cancelChange(key)
        let topology = TopologyPlanner.consumer(version.consumer, self.names)
        let present = pipeline.topology.bindings
        self.changes[key] = Change(
            revision: revision,
            topology: topology,
            needsDeclaring: topology.declarations != pipeline.topology.declarations,
            obsolete: present.filter { !topology.bindings.contains($0) }.map(Removal.binding)
        )
        let logger = self.logger(of: version.consumer)
        logger.info("switching to a new version")
        pipeline.change(to: version.consumer, topology: topology, invoker: self.makeInvoker(version, logger))
    }

    private func handle(_ report: PipelineReport, of key: ConsumerKey) {
        switch report {
        case .status(let status):
            if let manifest = self.pipelines[key]?.manifest { self.report(manifest, status) }
        case .interrupted:
            self.keeper?.declare(.function(key))
        case .candidateReady:
            self.candidateIsReady(key)
        case .changed(let result):
            if let revision = self.changes[key]?.revision { self.changed(key, revision, result) }
        case .drained:
            // Told to whoever asked for the drain.
            break
        }
    }

    /// The workers of the next version are there. What it needs is declared now, all but what it is to be bound to: the
    /// present version would get events that only the next one understands.
    private func candidateIsReady(_ key: ConsumerKey) {
        guard let change = self.changes[key] else { return }
        if change.needsDeclaring {
            self.keeper?.declare(.change(key, revision: change.revision))
        } else {
            self.pipelines[key]?.commitChange()
        }
    }

    private func changed(_ key: ConsumerKey, _ revision: Int, _ result: PipelineReport.ChangeResult) {
        guard let change = self.change(key, revision) else { return }
        switch result {
        case .switched:
            self.changes[key] = nil
            self.logger(of: key).info("switched to the new version")
            self.takeAway(change.obsolete, of: key)
            if change.needsDeclaring { self.keeper?.declare(.function(key)) }
            self.perform(self.state.switched(key, to: change.revision))
        case .rejected(let reason):
            self.cancelChange(key)
            self.perform(self.state.rejected(key, revision: change.revision, reason: reason))
        }
    }

    private func cancelChange(_ key: ConsumerKey) {
        guard self.changes.removeValue(forKey: key) != nil else { return }
        self.pipelines[key]?.cancelChange()
    }

    private func remove(_ key: ConsumerKey, _ how: RemovedHow) {
        self.cancelChange(key)
        switch how {
        case .manifestGone: self.leave(key, hasMoved: false)
        case .queueChanged: self.beginMove(of: key)
        }
    }

    /// Drains the function and ends it.
    func leave(_ key: ConsumerKey, hasMoved: Bool) {
        guard let pipeline = self.pipelines[key] else { return }
        pipeline.drain { [weak self] in
            guard let self else { return }
            self.pipelines[key] = nil
            self.moves[key] = nil
            if let heir = self.state.heir(of: key) {
                let kept = TopologyPlanner.consumer(heir.consumer, self.names).bindings
                self.takeAway(pipeline.topology.bindings.filter { !kept.contains($0) }.map(Removal.binding), of: key)
            } else {
                self.leaveQueue(of: pipeline, hasMoved: hasMoved)
            }
            self.perform(self.state.removed(key))
        }
    }

    /// What becomes of the queue of a function that has gone.
    private func leaveQueue(of pipeline: ConsumerPipeline, hasMoved: Bool) {
        let logger = self.logger(of: pipeline.manifest)
        let removal = QueueRemoval(
            pipeline.topology,
            names: self.names,
            policy: pipeline.manifest.onRemove,
            hasMoved: hasMoved
        )
        self.keeper?.perform { await removal.carryOut($0, logger) }
    }

    func takeAway(_ removals: [Removal], of key: ConsumerKey) {
        guard !removals.isEmpty else { return }
        let logger = self.logger(of: key)
        self.keeper?.remove(removals) { error in
            logger.warning("bindings could not be removed", metadata: ["reason": "\(error)"])
        }
    }

    private func log(_ report: ReloadReport) {
        switch report {
        case .refused, .rejected: self.logger.error("\(report)")
        case .removalHeld: self.logger.warning("\(report)")
        case .mended: self.logger.notice("\(report)")
        }
    }

    // MARK: - Topology and consumers

    private func declarations(of part: Part) -> [Declaration]? {
        guard !self.isDraining else { return nil }
        return switch part {
        case .shared: TopologyPlanner.shared(self.names)
        case .waysBack: self.declarationsOfWaysBack()
        case .delayLevel: nil
        case .function(let key): self.declarations(of: key)
        case .change(let key, let revision): self.change(key, revision)?.topology.declarationsWithoutBindings
        }
    }

    private func declared(_ part: Part, _ error: BrokerError?) {
        guard !self.isDraining else { return }
        switch (part, error) {
        case (.shared, nil):
            self.isSharedReady = true
            self.relay.start()
            for (key, pipeline) in self.pipelines where !pipeline.isTopologyReady {
                self.keeper?.declare(.function(key))
            }
        case (.shared, let error?):
            self.logger.error("cannot declare the shared topology; trying again", metadata: ["reason": "\(error)"])
            for pipeline in self.pipelines.values where !pipeline.isTopologyReady { pipeline.topologyFailed(error) }
        case (.waysBack, nil), (.delayLevel, _):
            break
        case (.waysBack, let error?):
            self.logger.error(
                "cannot declare what failed events pass on their way back; trying again",
                metadata: ["reason": "\(error)"]
            )
        case (.function(let key), nil):
            self.pipelines[key]?.topologyIsReady()
        case (.function(let key), let error?):
            self.pipelines[key]?.topologyFailed(error)
        case (.change(let key, let revision), nil):
            if self.change(key, revision) != nil { self.pipelines[key]?.commitChange() }
        case (.change(let key, let revision), let error?):
            // A broker that is away comes back; one that says no goes on saying it.
            guard error.kind == .mismatch || error.kind == .accessRefused else { return }
            self.changed(key, revision, .rejected("\(error)"))
        }
    }

    /// The change under way, if it is still this one.
    private func change(_ key: ConsumerKey, _ revision: Int) -> Change? {
        self.changes[key].flatMap { $0.revision == revision ? $0 : nil }
    }

    private func watchLater() {
        self.loop.schedule(after: Self.watchInterval) { [weak self] in
            guard let self, !self.isDraining else { return }
            for (key, pipeline) in self.pipelines {
                self.keeper?.inspect(.function(key), queue: pipeline.topology.queue)
            }
            self.watchLater()
        }
    }

    private func inspected(_ part: Part, _ inspection: QueueInspection?) {
        guard !self.isDraining else { return }
        switch part {
        case .shared, .waysBack, .change: break
        case .delayLevel(let level): self.inspectedDelayLevel(level, inspection)
        case .function(let key): self.inspected(key, inspection)
        }
    }

    private func inspected(_ key: ConsumerKey, _ inspection: QueueInspection?) {
        guard let pipeline = self.pipelines[key] else { return }
        let part = Part.function(key)
        guard let inspection else {
            self.keeper?.declare(part)
            return
        }
        self.continueMove(of: key, inspection)
        // While it moves it is looked at too often for two looks to mean anything.
        guard self.moves[key] == nil else { return }
        pipeline.observe(inspection)
        guard pipeline.isSuspected else { return }
        self.loop.schedule(after: Self.secondLook) { [weak self] in
            self?.keeper?.inspect(part, queue: pipeline.topology.queue)
        }
    }

    // MARK: - Going down

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
        self.loop.schedule(after: DrainLimits.settlingTime + DrainLimits.endingTime) { [weak self] in
            self?.relay.abandon()
        }
        for pipeline in self.pipelines.values { pipeline.drain(finished) }
    }
}
