package import EventLoops
package import Invoking
package import Logging
import Manifests
import Messaging
import WorkerProtocol

/// The workers of one function: carries out what `PoolState` decides, with processes, sockets and timers. Confined to
/// one loop.
package final class WorkerPool: Invoker {
    private let launch: WorkerLaunch
    private let loop: EventLoop
    private let clock: WallClock
    private let logger: Logger
    private let metrics: WorkerMetrics
    private let timeoutMilliseconds: UInt32
    private var handler: (InvokerEvent) -> Void = { _ in }
    private var state: PoolState
    private var workers: [Int: WorkerProcess] = [:]
    /// Invocations that were accepted and are not answered yet.
    private var invocations = PlaceTable<Invocation>()
    private var backoff = RestartBackoff()
    private var quarantineBackoff = RestartBackoff()
    /// How the most recently ended worker ended.
    private var lastEnd: WorkerProcess.End?
    private var stopCompletion: (() -> Void)?
    private var hasStopped = false
    private var timers: Set<TimerID> = []
    private static let stopLimit = Duration.seconds(2)
    private lazy var watch = OverdueWatch(limit: self.launch.overdueLimit, loop: self.loop) {
        [weak self] in self?.endOverdue()
    }
    private var recycling: RecycleWatch?
    private let meter = LogMeter()

    /// - Parameter logger: has the function's name in its metadata. The lines of workers are logged through it, too.
    package init(launch: WorkerLaunch, loop: EventLoop, clock: WallClock, logger: Logger) {
        self.launch = launch
        self.loop = loop
        self.clock = clock
        self.logger = logger
        self.metrics = WorkerMetrics(function: launch.function)
        self.timeoutMilliseconds = UInt32(clamping: launch.timeout.wholeMilliseconds)
        self.state = PoolState(size: launch.workers, recycleAfter: launch.recycle.afterEvents)
    }

    package func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        self.recycling = RecycleWatch(self.launch, loop: self.loop) { [weak self] number, reason in
            self?.recycle(number, because: reason)
        }
        self.perform(self.state.start())
    }

    // MARK: - Carrying out

    private func perform(_ actions: [PoolState.Action]) {
        for action in actions { self.perform(action) }
    }

    private func perform(_ action: PoolState.Action) {
        switch action {
        case .spawn(let number, let role):
            self.spawn(number, role)
        case .spawnLater(let role):
            self.spawnLater(role)
        case .send(let id, let number):
            if let worker = self.workers[number], let invocation = self.invocations[id] {
                self.send(invocation, to: worker)
            }
        case .drain(let number):
            self.recycling?.forget(number)
            self.workers[number]?.drain()
            self.after(self.launch.overdueLimit + Self.stopLimit) { pool in
                pool.workers[number]?.kill(because: "it did not exit when it was asked to")
            }
        case .available:
            self.handler(.ready)
        case .unavailable(let notRun):
            for id in notRun { self.invocations.remove(id) }
            self.handler(.unavailable(reason: self.lastEnd?.reason ?? "no worker is ready", notRun: notRun))
        case .crashed(let id):
            self.report(id, .crashed(self.crashFailure))
        case .timedOut(let id):
            let message =
                "\(Failure.overdue(self.launch.timeout)), nor within \(self.launch.grace.words) of its cancellation; "
                + "its worker was killed"
            self.report(id, .timedOut(Failure(type: Failure.overdueType, message: message)))
        case .died:
            self.metrics.died()
            self.handler(.workerDied(reason: self.lastEnd?.reason ?? "unknown"))
        }
    }

    private var crashFailure: Failure {
        let end = self.lastEnd
        let reason = "the worker died: \(end?.reason ?? "unknown")"
        // The end of the worker's stderr is the most useful part, and headers are limited in size.
        let tail = (end?.errorTail ?? "").utf8.suffix(max(0, Failure.longestMessage - reason.utf8.count - 1))
        let words = tail.isEmpty ? reason : reason + "\n" + String(decoding: tail, as: UTF8.self)
        return Failure(type: "WorkerCrashed", message: words)
    }

    private func report(_ id: InvocationID, _ outcome: Outcome) {
        self.invocations.remove(id)
        self.handler(.results([InvocationResult(id: id, outcome: outcome, nanoseconds: 0)]))
    }

    // MARK: - Workers

    private func spawn(_ number: Int, _ role: PoolState.Role) {
        guard self.stopCompletion == nil, !self.hasStopped else {
            // The start of another worker has just failed while the pool stops, so this one is not needed any more.
            _ = self.state.ended(number, hasAnswered: false, isOverdue: { _ in false })
            return
        }
        self.metrics.started()
        do throws(SystemError) {
            self.workers[number] = try WorkerProcess(
                number: number,
                launch: role == .quarantine ? self.launch.forQuarantine : self.launch,
                loop: self.loop,
                log: WorkerLog(
                    loop: self.loop,
                    logger: self.logger,
                    metrics: self.metrics,
                    meter: self.meter,
                    describe: { [weak self] id in self?.describe(id) }
                ),
                handler: { [weak self] event in self?.handle(event, of: number) }
            )
        } catch {
            self.lastEnd = WorkerProcess.End(
                reason: "the bundle \(self.launch.executable) cannot be started: \(error)",
                errorTail: ""
            )
            self.logStartFailure()
            self.perform(self.state.ended(number, hasAnswered: false, isOverdue: { _ in false }))
        }
    }

    private func logStartFailure() {
        self.logger.error(
            "a worker could not be started; trying again",
            metadata: ["reason": "\(self.lastEnd?.reason ?? "unknown")"]
        )
    }

    private func spawnLater(_ role: PoolState.Role) {
        let wait = role == .quarantine ? self.quarantineBackoff.wait() : self.backoff.wait()
        self.after(wait) { pool in pool.perform(pool.state.respawn(role)) }
    }

    private func after(_ delay: Duration, _ body: @escaping (WorkerPool) -> Void) {
        var timer: TimerID?
        timer = self.loop.schedule(after: delay) { [weak self] in
            guard let self else { return }
            if let timer { self.timers.remove(timer) }
            body(self)
        }
        if let timer { self.timers.insert(timer) }
    }

    private func describe(_ id: InvocationID) -> (event: String, attempt: Int)? {
        guard self.state.isRunning(id) else { return nil }
        return self.invocations[id].map { ($0.eventID, $0.attempt) }
    }

    private func handle(_ event: WorkerProcess.Event, of number: Int) {
        switch event {
        case .ready:
            if let worker = self.workers[number], self.state.role(of: number) != .quarantine {
                self.recycling?.watch(number, process: worker.processID)
                if !self.state.isAvailable { self.report(limits: worker.limits) }
            }
            self.perform(self.state.ready(number, random: .random(in: 0..<1)))
        case .results(let results):
            self.take(results, from: number)
        case .condemned:
            self.state.condemn(number)
        case .ended(let end):
            self.ended(number, end)
        }
    }

    private func report(limits: String) {
        if !limits.isEmpty {
            self.logger.info("limits are in force", metadata: ["limits": "\(limits)"])
        } else if self.launch.limits.environmentValue != nil {
            self.logger.warning("limits are not in force: the bundle does not know them")
        }
    }

    private func take(_ results: [WorkerProcess.Result], from number: Int) {
        var outcomes: [InvocationResult] = []
        outcomes.reserveCapacity(results.count)
        for result in results {
            let id = result.invocation
            if result.frame == nil, !self.watch.hasRun(id, for: self.launch.timeout) {
                self.workers[number]?.kill(because: "it returned invocation \(id) before its deadline")
                break
            }
            let isItsOwn =
                result.frame == nil ? self.state.returned(id, by: number) : self.state.answered(id, by: number)
            guard isItsOwn else {
                self.workers[number]?.kill(because: "it answered invocation \(id), which it was not running")
                break
            }
            self.watch.ended()
            guard let frame = result.frame else { continue }
            self.invocations.remove(id)
            outcomes.append(InvocationResult(id: id, outcome: frame.outcome, nanoseconds: frame.nanoseconds))
        }
        // Only answers to invocations show that the workers are healthy.
        if !outcomes.isEmpty {
            self.backoff.reset()
            self.quarantineBackoff.reset()
        }
        self.handler(.results(outcomes))
        self.replace(self.state.rested(number), because: .events)
    }

    private func ended(_ number: Int, _ end: WorkerProcess.End) {
        guard let worker = self.workers.removeValue(forKey: number) else { return }
        self.recycling?.forget(number)
        let lost = self.state.invocations(of: number)
        self.watch.ended(lost.count)
        self.lastEnd = end
        // A worker that had no work and had never answered anything counts as one that failed to start.
        let actions = self.state.ended(number, hasAnswered: worker.hasAnswered, isOverdue: self.watch.isOverdue)
        if actions.contains(.died) {
            self.logger.error(
                "a worker died; starting another",
                metadata: ["reason": "\(end.reason)", "interrupted-events": "\(lost.count)"]
            )
        } else if self.stopCompletion == nil, !actions.isEmpty {
            self.logStartFailure()
        }
        self.perform(actions)
        self.finishStopping()
    }

    /// A function that continues after it was cancelled can only be stopped by killing its process.
    private func endOverdue() {
        for (number, worker) in self.workers
        where self.state.invocations(of: number).contains(where: self.watch.isOverdue) {
            worker.kill(because: "an invocation did not end when it was cancelled")
        }
    }

    private func recycle(_ number: Int, because reason: RecycleReason) {
        self.replace(self.state.recycle(number, evenUnused: reason.holdsForUnused), because: reason)
    }

    /// Carries out the actions, and logs the start of a replacement among them.
    private func replace(_ actions: [PoolState.Action], because reason: RecycleReason) {
        for action in actions {
            if case .spawn = action {
                self.metrics.wasRecycled()
                self.logger.info("a worker is replaced", metadata: ["reason": "\(reason)"])
            }
            self.perform(action)
        }
    }

    // MARK: - Invocations

    package func invoke(_ invocation: Invocation) {
        self.invocations.add(invocation, for: invocation.id)
        if let number = self.state.invoke(invocation.id), let worker = self.workers[number] {
            self.send(invocation, to: worker)
        }
    }

    package func withdraw() -> [InvocationID] {
        let ids = self.state.withdraw()
        for id in ids { self.invocations.remove(id) }
        return ids
    }

    private func send(_ invocation: Invocation, to worker: WorkerProcess) {
        self.watch.began(invocation.id)
        worker.append { output in
            InvokeFrame.write(
                invocation: invocation.id.rawValue,
                run: InvokeFrame.Run(
                    timeoutMilliseconds: self.timeoutMilliseconds,
                    attempt: UInt32(clamping: invocation.attempt),
                    maxAttempts: UInt32(clamping: invocation.maxAttempts)
                ),
                delivery: invocation.delivery,
                attributes: invocation.attributes,
                resolvedID: invocation.resolvedID,
                originalRoutingKey: invocation.originalRoutingKey,
                receivedMilliseconds: self.clock.milliseconds,
                to: &output
            )
        }
    }

    // MARK: - End

    package func stop(_ completion: @escaping () -> Void) {
        self.stopCompletion = completion
        self.perform(self.state.stop())
        self.after(Self.stopLimit) { pool in
            for worker in pool.workers.values { worker.kill(because: "it did not exit when it was asked to") }
        }
        self.finishStopping()
    }

    private func finishStopping() {
        guard self.workers.isEmpty, let completion = self.stopCompletion else { return }
        self.stopCompletion = nil
        self.hasStopped = true
        for timer in self.timers { self.loop.cancel(timer) }
        self.timers.removeAll()
        self.watch.stop()
        self.recycling?.stop()
        completion()
    }
}
