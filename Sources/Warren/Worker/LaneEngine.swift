import Glibc
import Messaging
import Synchronization
import WorkerProtocol

/// Runs invocations, or batches of them, in long-lived tasks and writes their results: no task is made for an event.
///
/// Results gather in the output buffer while invocations wait, and are sent when the last one is taken or a lane
/// finds nothing more to do. So under load many results share one write, and without load none waits.
final class LaneEngine: Sendable {
    private let output: WorkerOutput
    private let makeLogger: LoggerFactory
    private let table: Mutex<LaneTable>
    private let runner = Mutex<FunctionRunner?>(nil)
    private static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    /// A lane that never has to wait lets other tasks of the process have its thread after so many invocations.
    private static let invocationsPerTurn = 256

    /// Whether invocations are collected, so that some may become ripe by the passing of time.
    let isBatching: Bool

    init(
        concurrency: Int,
        batching: BatchRule? = nil,
        output: WorkerOutput,
        makeLogger: @escaping LoggerFactory
    ) {
        self.output = output
        self.makeLogger = makeLogger
        self.isBatching = batching != nil
        self.table = Mutex(LaneTable(concurrency: concurrency, batching: batching))
    }

    /// Begins with what waits already.
    func open(_ runner: FunctionRunner) {
        self.runner.withLock { $0 = runner }
        self.call(upTo: Self.processors)
    }

    /// Takes a batch of invocations. They wait until ``open(_:)``.
    func submit(_ batch: [PendingInvocation]) {
        self.table.withLock { table in
            for invocation in batch { table.enqueue(invocation) }
        }
        self.call(upTo: Self.processors)
    }

    /// Begins what has become ripe. The thread that reads looks at the clock for all lanes.
    func beginRipe() { self.call(upTo: Self.processors) }

    /// No more invocations will come: everything is ripe at once.
    func drain() {
        self.table.withLock { $0.drain() }
        self.call(upTo: Self.processors)
    }

    /// What invocations wait for. Results may wait behind those that wait for a lane.
    var waiting: LaneTable.Waiting { self.table.withLock { $0.waiting(.now) } }

    /// Whether nothing waits and nothing runs. Results are in the output buffer by then.
    var isIdle: Bool { self.table.withLock { $0.queue.isEmpty && $0.running == 0 } }

    /// Cancels what is past its deadline and returns the next one.
    func expire(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (tasks, late, next) = self.table.withLock { table in
            (
                table.retire(.deadline) { _, deadline in deadline <= now },
                table.withdraw { $0.deadline <= now },
                table.nextDeadline
            )
        }
        for task in tasks { task.cancel() }
        // Others have held up what never began: the host tries it again and charges it nothing.
        for invocation in late {
            self.output.append { $0.appendFrame(.notBegun, invocation: invocation.received.invocation) }
        }
        self.replaceLanes(tasks.count + late.count)
        return next
    }

    /// Cancels one invocation, if it has not ended yet. It ends as failed unless the function returns all the same. One
    /// that runs in a batch shares its task with the others, so these are cancelled with it and end alike.
    func cancel(_ number: UInt64) {
        let (tasks, waiting) = self.table.withLock { table in
            (
                table.retire(.host) { invocation, _ in invocation == number },
                table.withdraw { $0.received.invocation == number }
            )
        }
        for task in tasks { task.cancel() }
        for invocation in waiting {
            let message = "the host cancelled the invocation before it began"
            self.answer(invocation, .failed(Failure(type: "CancellationError", message: message)))
        }
        self.replaceLanes(tasks.count + waiting.count)
    }

    private func replaceLanes(_ count: Int) {
        guard count > 0 else { return }
        self.output.flushWithoutWaiting()
        self.call(upTo: Self.processors)
    }

    private func answer(_ invocation: PendingInvocation, _ outcome: Outcome) {
        self.output.append { bytes in
            ResultFrame(outcome: outcome, nanoseconds: 0).write(invocation: invocation.received.invocation, to: &bytes)
        }
    }

    private func call(upTo limit: Int) {
        guard let runner = self.runner.withLock({ $0 }) else { return }
        let woken = self.table.withLock { table in
            table.call(upTo: limit, now: .now) { lane, stop in
                Task { await self.serve(lane, stop: stop, runner: runner) }
            }
        }
        for continuation in woken { continuation.resume(returning: true) }
    }

    private func serve(_ lane: Int, stop: StopSignal, runner: FunctionRunner) async {
        var turn = 0
        var wasCalled = true
        while true {
            let (step, shouldCall) = self.table.withLock { table in
                if wasCalled { table.arrived() }
                let step = table.step(lane, now: .now)
                // One lane at a time is called from here: it calls the next one when it comes.
                return (step, table.called == 0 && table.isReady(.now))
            }
            wasCalled = false
            if shouldCall { self.call(upTo: 1) }
            switch step {
            case .run(let invocation, let isLast):
                if isLast { self.output.flush() }
                await self.run(invocation, stop: stop, runner: runner)
                turn += 1
                if turn % Self.invocationsPerTurn == 0 { await Task.yield() }
            case .runBatch(let batch, let deadline, let isLast):
                if isLast { self.output.flush() }
                await self.run(batch, deadline: deadline, stop: stop, runner: runner)
                await Task.yield()
            case .wait:
                self.output.flush()
                wasCalled = await self.rest()
            case .end:
                self.output.flush()
                return
            }
        }
    }

    private func run(_ invocation: PendingInvocation, stop: StopSignal, runner: FunctionRunner) async {
        let run = await runner.run(
            invocation.received,
            deadline: invocation.deadline,
            stop: stop,
            makeLogger: self.makeLogger
        )
        let result = ResultFrame(outcome: run.outcome, nanoseconds: run.nanoseconds)
        self.output.append { result.write(invocation: invocation.received.invocation, to: &$0) }
    }

    private func run(
        _ batch: [PendingInvocation],
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        runner: FunctionRunner
    ) async {
        await runner.run(
            batch: batch.map { $0.received },
            deadline: deadline,
            stop: stop,
            makeLogger: self.makeLogger
        ) { index, run in
            let result = ResultFrame(outcome: run.outcome, nanoseconds: run.nanoseconds)
            self.output.append { result.write(invocation: batch[index].received.invocation, to: &$0) }
            // These come before the function begins, and are not to share the fate of its batch.
            if case .undecodable = run.outcome { self.output.flush() }
        }
    }

    /// Suspends the lane until it is called; false when it need not wait, because something has come meanwhile.
    ///
    /// Unsafe in name only: the continuation goes either into the table, from where it is taken out once to be
    /// resumed, or is resumed here.
    private func rest() async -> Bool {
        await withUnsafeContinuation { (continuation: LaneTable.Call) in
            if !self.table.withLock({ $0.rest(continuation, now: .now) }) { continuation.resume(returning: false) }
        }
    }
}
