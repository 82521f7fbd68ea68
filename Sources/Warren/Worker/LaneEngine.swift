import Glibc
import Messaging
import Synchronization
import WorkerProtocol

/// Runs invocations, or batches of them, in long-lived tasks called lanes, and writes their results. No task is created
/// for an event.
///
/// Results collect in the output buffer while invocations wait. They are sent when a lane takes the last invocation or
/// finds none. So under load many results share one write, and without load no result waits.
final class LaneEngine: Sendable {
    private let output: WorkerOutput
    private let makeLogger: LoggerFactory
    private let table: Mutex<LaneTable>
    private let runner = Mutex<FunctionRunner?>(nil)
    private static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    /// The number of invocations after which a lane that never waits yields its thread to other tasks of the process.
    private static let invocationsPerTurn = 256

    /// Whether invocations are collected into batches, so that a batch can become due when time passes.
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

    /// Starts running, with the invocations that already wait.
    func open(_ runner: FunctionRunner) {
        self.runner.withLock { $0 = runner }
        self.call(upTo: Self.processors)
    }

    /// Adds invocations. They wait until ``open(_:)``.
    func submit(_ batch: [PendingInvocation]) {
        self.table.withLock { table in
            for invocation in batch { table.enqueue(invocation) }
        }
        self.call(upTo: Self.processors)
    }

    /// Begins the batches that have become due. The reader thread watches the time for all lanes.
    func beginRipe() { self.call(upTo: Self.processors) }

    /// No more invocations will come, so every waiting batch is due at once.
    func drain() {
        self.table.withLock { $0.drain() }
        self.call(upTo: Self.processors)
    }

    /// What the waiting invocations wait for. Results may be waiting behind invocations that wait for a lane.
    var waiting: LaneTable.Waiting { self.table.withLock { $0.waiting(.now) } }

    /// Whether no invocation waits or runs. All results are then in the output buffer.
    var isIdle: Bool { self.table.withLock { $0.queue.isEmpty && $0.running == 0 } }

    /// Cancels the invocations whose deadline has passed, and returns the next deadline. "Time limits" in
    /// <doc:RetriesDelaysAndDeadLetters> says what follows.
    func expire(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (tasks, late, next) = self.table.withLock { table in
            (
                table.retire(.deadline) { _, deadline in deadline <= now },
                table.withdraw { $0.deadline <= now },
                table.nextDeadline
            )
        }
        for task in tasks { task.cancel() }
        // Other invocations have delayed those that never began: the host runs them again without charging an attempt.
        for invocation in late {
            self.output.append { $0.appendFrame(.notBegun, invocation: invocation.received.invocation) }
        }
        self.replaceLanes(tasks.count + late.count)
        return next
    }

    /// Cancels one invocation, if it has not ended yet. It fails unless the function returns in spite of that. An
    /// invocation in a batch shares its task with the others of the batch, so they are cancelled with it and end in the
    /// same way.
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
                // Calls only one other lane, which will call the next one when it arrives.
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
            // These results come before the function begins, and must not be lost if the batch crashes the worker.
            if case .undecodable = run.outcome { self.output.flush() }
        }
    }

    /// Suspends the lane until it is called. Returns false if it need not wait, because an invocation has arrived in
    /// the meantime.
    ///
    /// The continuation is resumed exactly once: either here, or by the code that removes it from the table.
    private func rest() async -> Bool {
        await withUnsafeContinuation { (continuation: LaneTable.Call) in
            if !self.table.withLock({ $0.rest(continuation, now: .now) }) { continuation.resume(returning: false) }
        }
    }
}
