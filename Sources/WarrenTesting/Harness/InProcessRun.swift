import EventLoops
import Invoking
import Logging
import Messaging
import Processing
import Warren
import WorkerProtocol

/// Runs an invocation inside this process, with its deadline. The event passes through the frames of the worker
/// protocol, so that a test sees what a worker would.
enum InProcessRun {
    static func perform(
        _ invocation: Invocation,
        on runner: FunctionRunner,
        timeout: Duration,
        logger: Logger
    ) async -> FunctionRun {
        let received: ReceivedInvocation
        do throws(FrameError) {
            received = try self.received(invocation, timeout: timeout)
        } catch {
            let failure = Failure(type: "FrameError", message: error.description)
            return FunctionRun(outcome: .undecodable(failure), nanoseconds: 0)
        }
        return await self.within(timeout) { deadline, stop in
            await runner.run(received, deadline: deadline, stop: stop, makeLogger: { _ in logger })
        }
    }

    /// Runs several invocations as one batch. Returns one result for each, in their order.
    static func perform(
        batch: [Invocation],
        on runner: FunctionRunner,
        timeout: Duration,
        logger: Logger
    ) async throws(FrameError) -> [FunctionRun] {
        var received: [ReceivedInvocation] = []
        for invocation in batch { received.append(try self.received(invocation, timeout: timeout)) }
        let all = received
        return await self.within(timeout) { deadline, stop in
            var runs: [Int: FunctionRun] = [:]
            await runner.run(batch: all, deadline: deadline, stop: stop, makeLogger: { _ in logger }) { runs[$0] = $1 }
            return all.indices.compactMap { runs[$0] }
        }
    }

    /// Runs the body, cancels it at the deadline, and waits until it ends.
    private static func within<Run: Sendable>(
        _ timeout: Duration,
        _ body: @escaping @Sendable (ContinuousClock.Instant, StopSignal) async -> Run
    ) async -> Run {
        let deadline = ContinuousClock.now + timeout
        let stop = StopSignal()
        return await withTaskGroup(of: Run?.self) { group in
            group.addTask { await body(deadline, stop) }
            group.addTask {
                // Is cancelled if the function ends first.
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            let first = await group.next() ?? nil
            if first == nil { stop.raise(.deadline) }
            group.cancelAll()
            if let first { return first }
            for await run in group { if let run { return run } }
            preconditionFailure("the task that runs the function always ends with its result")
        }
    }

    private static func received(
        _ invocation: Invocation,
        timeout: Duration
    ) throws(FrameError) -> ReceivedInvocation {
        var bytes: [UInt8] = []
        InvokeFrame.write(
            invocation: invocation.id.rawValue,
            run: InvokeFrame.Run(
                timeoutMilliseconds: UInt32(clamping: timeout.wholeMilliseconds),
                attempt: UInt32(clamping: invocation.attempt),
                maxAttempts: UInt32(clamping: invocation.maxAttempts)
            ),
            delivery: invocation.delivery,
            attributes: invocation.attributes,
            resolvedID: invocation.resolvedID,
            originalRoutingKey: invocation.originalRoutingKey,
            receivedMilliseconds: WallClock.system.milliseconds,
            to: &bytes
        )
        var buffer = FrameBuffer()
        buffer.append(bytes)
        guard let frame = try buffer.next() else { throw FrameError("the invocation is not a whole frame") }
        return try ReceivedInvocation(frame)
    }
}
