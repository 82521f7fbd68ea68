import DequeModule
package import Logging
import Messaging
package import Polling
package import Processing
import WorkerProtocol

/// The workers of one function: spawns them, spreads invocations over them, and brings them back when they die.
///
/// An invocation whose worker died is run again and is not charged for it, unless it was alone in that worker: then
/// it is what killed it. Several that were in flight together are suspects: they are run again in ever smaller groups,
/// until what kills its worker is alone. Confined to one loop.
package final class WorkerPool: Invoker {
    private let launch: WorkerLaunch
    private let loop: EventLoop
    private let clock: WallClock
    private let logger: Logger
    private let timeoutMilliseconds: UInt32
    private var handler: (InvokerEvent) -> Void = { _ in }
    private var workers: [Int: WorkerProcess] = [:]
    private var load: [Int: Int] = [:]
    private var nextWorker = 1
    private var backoff = RestartBackoff()
    private var running = RunningInvocations()
    /// Waits for a worker.
    private var backlog = Deque<Invocation>()
    private var suspects = Suspects<Invocation>()
    /// The worker that runs a group of suspects, and nothing else.
    private var isolated: Int?
    private var isAvailable = false
    private var isStopping = false
    private var stopCompletion: (() -> Void)?
    private var stopTimer: TimerID?
    private static let stopLimit = Duration.seconds(2)
    private var respawnTimers: Set<TimerID> = []
    private lazy var watch = OverdueWatch(limit: self.launch.timeout + self.grace, loop: self.loop) { [weak self] in
        self?.endOverdue()
    }
    private let grace: Duration

    /// - Parameters:
    ///   - grace: how long after its timeout an invocation may go on before its worker is ended: the time for a
    ///     cancelled function to come to its end.
    ///   - logger: with the function's name in its metadata; lines of workers are logged through it.
    package init(
        launch: WorkerLaunch,
        loop: EventLoop,
        clock: WallClock,
        grace: Duration = .seconds(10),
        logger: Logger
    ) {
        self.launch = launch
        self.grace = grace
        self.loop = loop
        self.clock = clock
        self.logger = logger
        self.timeoutMilliseconds = UInt32(clamping: launch.timeout.wholeMilliseconds)
    }

    package func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        for _ in 0..<self.launch.workers { self.spawn() }
    }

    // MARK: - Workers

    private func spawn() {
        guard !self.isStopping else { return }
        let number = self.nextWorker
        self.nextWorker += 1
        do throws(SystemError) {
            self.workers[number] = try WorkerProcess(
                number: number,
                launch: self.launch,
                loop: self.loop,
                logger: self.logger,
                describe: { [weak self] id in self?.describe(id) },
                handler: { [weak self] event in self?.handle(event, of: number) }
            )
            self.load[number] = 0
        } catch {
            self.startFailed("the bundle \(self.launch.executable) cannot be started: \(error)")
            self.spawnLater()
        }
    }

    private func spawnLater() {
        var timer: TimerID?
        timer = self.loop.schedule(after: self.backoff.wait()) { [weak self] in
            guard let self else { return }
            if let timer { self.respawnTimers.remove(timer) }
            self.spawn()
        }
        if let timer { self.respawnTimers.insert(timer) }
    }

    private func startFailed(_ reason: String) {
        self.logger.error("a worker could not be started; trying again", metadata: ["reason": "\(reason)"])
        guard !self.workers.values.contains(where: \.isReady) else { return }
        self.isAvailable = false
        let notRun = self.suspects.removeAll().map(\.id) + self.backlog.map(\.id)
        self.backlog.removeAll()
        self.handler(.unavailable(reason: reason, notRun: notRun))
    }

    private func describe(_ id: UInt64) -> (event: String, attempt: Int)? {
        self.running[id].map { ($0.invocation.eventID, $0.invocation.attempt) }
    }

    private func handle(_ event: WorkerProcess.Event, of number: Int) {
        switch event {
        case .ready:
            if self.isStopping {
                self.workers[number]?.drain()
            } else {
                self.dispatch()
                if !self.isAvailable {
                    self.isAvailable = true
                    self.handler(.ready)
                }
            }
        case .results(let results):
            self.take(results, from: number)
        case .ended(let end):
            self.ended(number, end)
        }
    }

    private func take(_ results: [WorkerProcess.Result], from number: Int) {
        var outcomes: [InvocationResult] = []
        outcomes.reserveCapacity(results.count)
        for result in results {
            guard self.running.remove(result.invocation, of: number) else {
                self.workers[number]?.kill(
                    because: "it answered invocation \(result.invocation), which it was not running"
                )
                break
            }
            self.watch.ended()
            self.load[number, default: 1] -= 1
            if self.load[number] == 0, self.isolated == number { self.isolated = nil }
            outcomes.append(
                InvocationResult(
                    id: result.invocation,
                    outcome: result.frame.outcome,
                    nanoseconds: result.frame.nanoseconds
                )
            )
        }
        // An answer that belongs to nothing is no sign of health.
        if !outcomes.isEmpty { self.backoff.reset() }
        self.handler(.results(outcomes))
        if !self.suspects.isEmpty || !self.backlog.isEmpty { self.dispatch() }
    }

    private func ended(_ number: Int, _ end: WorkerProcess.End) {
        let hasAnswered = self.workers[number]?.hasAnswered ?? false
        self.workers[number] = nil
        self.load[number] = nil
        guard !self.isStopping else { return self.finishStopping() }
        let lost = self.running.removeAll(of: number)
        // A worker that has answered nothing and dies over nothing has not really started either.
        guard end.wasReady, hasAnswered || !lost.isEmpty else {
            self.startFailed(end.reason)
            return self.spawnLater()
        }
        self.watch.ended(lost.count)
        if self.isolated == number { self.isolated = nil }
        self.logger.error(
            "a worker died; starting another",
            metadata: ["reason": "\(end.reason)", "in-flight": "\(lost.count)"]
        )
        self.judge(lost, end)
        self.spawnLater()
        // Another worker may be free for them now, and nothing else may ever come to call for it.
        self.dispatch()
    }

    /// Decides what becomes of what a worker was running when it died.
    private func judge(_ lost: [RunningInvocations.Place], _ end: WorkerProcess.End) {
        let overdue = lost.filter(self.isOverdue).map(\.invocation)
        if !overdue.isEmpty {
            // What hung is known; the others are innocent, and first in turn again.
            let innocent = lost.filter { !self.isOverdue($0) }.map(\.invocation)
            self.backlog.prepend(contentsOf: innocent)
            let failure = Failure(
                type: "TimedOut",
                message: "it did not end when it was cancelled after \(self.launch.timeout); its worker was ended"
            )
            self.handler(
                .results(overdue.map { InvocationResult(id: $0.id, outcome: .timedOut(failure), nanoseconds: 0) })
            )
        } else if let culprit = self.suspects.workerDied(over: lost.map(\.invocation)) {
            let tail = end.errorTail.isEmpty ? "" : "\n\(end.errorTail)"
            let failure = Failure(type: "WorkerCrashed", message: "the worker died: \(end.reason)\(tail)")
            self.handler(.results([InvocationResult(id: culprit.id, outcome: .crashed(failure), nanoseconds: 0)]))
        }
    }

    /// A function that goes on after it was cancelled can be stopped with its process only.
    private func endOverdue() {
        for number in self.running.workers(running: self.isOverdue) {
            self.workers[number]?.kill(because: "an invocation did not end when it was cancelled")
        }
    }

    private func isOverdue(_ place: RunningInvocations.Place) -> Bool { self.watch.isOverdue(since: place.tick) }

    // MARK: - Invocations

    package func invoke(_ invocation: Invocation) {
        if self.suspects.isEmpty, self.isolated == nil, self.backlog.isEmpty, let worker = self.leastLoaded() {
            self.send(invocation, to: worker)
        } else {
            self.backlog.append(invocation)
            self.dispatch()
        }
    }

    /// Sends what waits. Nothing else joins the worker that runs suspects.
    private func dispatch() {
        if self.isolated == nil, !self.suspects.isEmpty,
            let worker = self.workers.values.first(where: { $0.isReady && self.load[$0.number] == 0 }),
            let group = self.suspects.nextGroup()
        {
            self.isolated = worker.number
            for suspect in group { self.send(suspect, to: worker) }
        }
        while let invocation = self.backlog.first, let worker = self.leastLoaded() {
            // The last free worker is kept for the suspects that still wait.
            if !self.suspects.isEmpty, self.isolated == nil { break }
            self.backlog.removeFirst()
            self.send(invocation, to: worker)
        }
    }

    /// The ready worker with the least to do that is not running suspects.
    private func leastLoaded() -> WorkerProcess? {
        if self.workers.count == 1 {
            guard let worker = self.workers.values.first, worker.isReady else { return nil }
            return self.isolated == worker.number ? nil : worker
        }
        var least: (load: Int, worker: WorkerProcess)?
        for (number, worker) in self.workers where worker.isReady && number != self.isolated {
            let load = self.load[number] ?? 0
            if let best = least, (best.load, best.worker.number) < (load, number) { continue }
            least = (load, worker)
        }
        return least?.worker
    }

    private func send(_ invocation: Invocation, to worker: WorkerProcess) {
        self.running.add(.init(invocation: invocation, worker: worker.number, tick: self.watch.tick))
        self.watch.began()
        self.load[worker.number, default: 0] += 1
        worker.append { output in
            InvokeFrame.write(
                invocation: invocation.id,
                run: InvokeFrame.Run(
                    timeoutMilliseconds: self.timeoutMilliseconds,
                    attempt: UInt32(clamping: invocation.attempt),
                    maxAttempts: UInt32(clamping: invocation.maxAttempts)
                ),
                delivery: invocation.delivery,
                attributes: invocation.attributes,
                generatedID: invocation.generatedID,
                originalRoutingKey: invocation.originalRoutingKey,
                receivedMilliseconds: self.clock.milliseconds,
                to: &output
            )
        }
    }

    package func flush() {
        for worker in self.workers.values { worker.flush() }
    }

    // MARK: - End

    package func stop(_ completion: @escaping () -> Void) {
        self.isStopping = true
        self.stopCompletion = completion
        for worker in self.workers.values { worker.drain() }
        self.stopTimer = self.loop.schedule(after: Self.stopLimit) { [weak self] in
            guard let self else { return }
            for worker in self.workers.values { worker.kill(because: "it did not exit when it was asked to") }
        }
        self.finishStopping()
    }

    private func finishStopping() {
        guard self.workers.isEmpty, let completion = self.stopCompletion else { return }
        self.stopCompletion = nil
        if let timer = self.stopTimer { self.loop.cancel(timer) }
        for timer in self.respawnTimers { self.loop.cancel(timer) }
        self.watch.stop()
        completion()
    }
}
