import EventLoops
import Invoking
import Messaging
import Processing

/// Runs one event once, with its own invoker and without a broker.
enum LocalRun {
    struct Unavailable: Error {
        let reason: String
    }

    /// Makes a delivery from command line options, as if a broker had delivered the event.
    ///
    /// - Parameters:
    ///   - id: the event's id; `nil` for a new one.
    ///   - type: the event's type; `nil` to use the key.
    static func delivery(
        id: String?,
        type: String?,
        key: String,
        source: String,
        contentType: String,
        contentEncoding: String? = nil,
        payload: [UInt8]
    ) -> Delivery {
        let now = WallClock.system.milliseconds
        var ids = EventIDs()
        var event = EventMessage(
            id: id ?? ids.next(milliseconds: now),
            type: type ?? key,
            source: source,
            timeMilliseconds: now,
            payload: payload[...]
        )
        event.contentType = contentType
        event.contentEncoding = contentEncoding
        return Delivery(event.message(exchange: "", routingKey: key), tag: DeliveryTag(generation: 1, value: 1))
    }

    /// - Parameter makeInvoker: creates the invoker. Called on the loop's thread.
    static func perform(
        _ delivery: Delivery,
        attempt: Int,
        maxAttempts: Int,
        makeInvoker: @escaping @Sendable (EventLoop) throws(SystemError) -> any Invoker
    ) async -> Result<InvocationResult, Unavailable> {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try LoopThread.start(named: "invoke") {
                    do throws(SystemError) {
                        let result = try self.run(delivery, attempt, maxAttempts, makeInvoker)
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
        _ delivery: Delivery,
        _ attempt: Int,
        _ maxAttempts: Int,
        _ makeInvoker: (EventLoop) throws(SystemError) -> any Invoker
    ) throws(SystemError) -> Result<InvocationResult, Unavailable> {
        let loop = try EventLoop()
        let invoker = try makeInvoker(loop)
        var result = Result<InvocationResult, Unavailable>.failure(Unavailable(reason: "there was no answer"))
        invoker.start { event in
            switch event {
            case .ready:
                let attributes = EventAttributes(delivery)
                invoker.invoke(
                    Invocation(
                        id: InvocationID(run: 1, place: 0),
                        delivery: delivery,
                        attributes: attributes,
                        resolvedID: nil,
                        attempt: attempt,
                        maxAttempts: max(attempt, maxAttempts),
                        originalRoutingKey: nil
                    )
                )
            case .unavailable(let reason, _):
                result = .failure(Unavailable(reason: reason))
                invoker.stop { loop.stop() }
            case .paused(let reason, _, _):
                result = .failure(Unavailable(reason: reason))
                invoker.stop { loop.stop() }
            case .workerDied:
                break
            case .results(let results):
                if let first = results.first { result = .success(first) }
                invoker.stop { loop.stop() }
            }
        }
        loop.run()
        return result
    }
}
