import Logging
import Messaging
import Polling
import Processing
import Workers

/// Runs one event in a worker of its own.
enum LocalRun {
    struct Unavailable: Error {
        let reason: String
    }

    static func perform(
        _ launch: WorkerLaunch,
        _ delivery: Delivery,
        attempt: Int,
        maxAttempts: Int,
        logger: Logger
    ) async -> Result<InvocationResult, Unavailable> {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try LoopThread.start(named: "invoke") {
                    do throws(SystemError) {
                        let result = try self.run(launch, delivery, attempt, maxAttempts, logger)
                        continuation.resume(returning: result)
                    } catch {
                        continuation.resume(returning: .failure(Unavailable(reason: "\(error)")))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(Unavailable(reason: "\(error)")))
            }
        }
    }

    private static func run(
        _ launch: WorkerLaunch,
        _ delivery: Delivery,
        _ attempt: Int,
        _ maxAttempts: Int,
        _ logger: Logger
    ) throws(SystemError) -> Result<InvocationResult, Unavailable> {
        let loop = try EventLoop()
        let pool = WorkerPool(launch: launch, loop: loop, clock: .system, logger: logger)
        var result = Result<InvocationResult, Unavailable>.failure(Unavailable(reason: "the worker did not answer"))
        pool.start { event in
            switch event {
            case .ready:
                let attributes = EventAttributes(delivery)
                pool.invoke(
                    Invocation(
                        id: 1 << 16,
                        delivery: delivery,
                        attributes: attributes,
                        generatedID: nil,
                        attempt: attempt,
                        maxAttempts: max(attempt, maxAttempts),
                        originalRoutingKey: nil
                    )
                )
                pool.flush()
            case .unavailable(let reason, _):
                result = .failure(Unavailable(reason: reason))
                pool.stop { loop.stop() }
            case .workerDied:
                break
            case .results(let results):
                if let first = results.first { result = .success(first) }
                pool.stop { loop.stop() }
            }
        }
        loop.run()
        return result
    }
}
