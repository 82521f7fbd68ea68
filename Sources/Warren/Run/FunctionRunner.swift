import FoundationEssentials
package import Messaging
package import WorkerProtocol

/// One run of a function: how it ended and how long it took. For an event of a batch that is how long its batch took.
package struct FunctionRun: Sendable, Equatable {
    package let outcome: Outcome
    package let nanoseconds: UInt64

    package init(outcome: Outcome, nanoseconds: UInt64) {
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }
}

/// A function made ready, whatever its payload: turns an invocation into an outcome, without any I/O of its own.
///
/// What an error becomes:
/// - the event cannot be decoded: undecodable, with the place in the payload; the function is not called;
/// - ``RetryLater``: later; ``Rejected``: rejected;
/// - any error after the deadline, or after the cancellation that comes with it: timed out;
/// - any other: failed. That includes a `DecodingError` which the function itself throws and the error of an
///   invocation that the host cancelled before its deadline.
///
/// A function that returns is done, even after the deadline: its work is finished, and running it again would only
/// do it twice.
///
/// An event of a batch ends by the same rules: with the error that the function gave to ``BatchItem/fail(_:)``, which
/// is never a timeout, else as the batch does.
package struct FunctionRunner: Sendable {
    /// The function's name, as manifests write it.
    package let name: String

    private let function: any RunnableFunction
    /// The same once more, if it takes several events at once.
    private let batchFunction: (any RunnableBatch)?

    /// Makes a function ready: calls its `init`.
    ///
    /// - Throws: What the function's `init` throws. A worker reports it and exits.
    package init(_ type: any Function.Type) async throws {
        self.name = type.name
        if let type = type as? any BatchFunction.Type {
            let function = try await Self.makeBatch(type)
            self.function = function
            self.batchFunction = function
        } else {
            self.function = try await Self.make(type)
            self.batchFunction = nil
        }
    }

    private static func make<Body: Function>(_ type: Body.Type) async throws -> any RunnableFunction {
        TypedFunction(function: try await Body())
    }

    private static func makeBatch<Body: BatchFunction>(_ type: Body.Type) async throws -> any RunnableBatch {
        TypedBatch(function: try await Body())
    }

    /// Runs the function on one event, a batch function on a batch of one. The caller cancels the task at the deadline,
    /// after raising `stop`.
    package func run(
        _ received: ReceivedInvocation,
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory
    ) async -> FunctionRun {
        let start = ContinuousClock.now
        let outcome = await self.function.run(received, deadline: deadline, stop: stop, makeLogger: makeLogger)
        return FunctionRun(outcome, since: start)
    }

    /// Runs a batch function once on several events, any other function on one after the other. Each invocation is
    /// answered once, by its index in `batch`; what cannot be decoded is answered before the function begins.
    ///
    /// - Parameter deadline: Of the batch. The caller cancels the task then, after raising `stop`.
    package func run(
        batch: [ReceivedInvocation],
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory,
        answer: (Int, FunctionRun) -> Void
    ) async {
        guard let function = self.batchFunction else {
            for (index, received) in batch.enumerated() {
                answer(index, await self.run(received, deadline: deadline, stop: stop, makeLogger: makeLogger))
            }
            return
        }
        let start = ContinuousClock.now
        await function.run(batch, deadline: deadline, stop: stop, makeLogger: makeLogger) { index, outcome in
            answer(index, FunctionRun(outcome, since: start))
        }
    }
}

extension FunctionRun {
    fileprivate init(_ outcome: Outcome, since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = start.duration(to: .now).components
        self.init(
            outcome: outcome,
            nanoseconds: UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
        )
    }
}

/// A function behind one call that does not depend on its payload.
protocol RunnableFunction: Sendable {
    func run(
        _ received: ReceivedInvocation,
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory
    ) async -> Outcome
}

private struct TypedFunction<Body: Function>: RunnableFunction {
    private let function: Body
    private let reader: PayloadReader<Body.Payload>
    private let encoder: JSONEncoder

    init(function: Body) {
        self.function = function
        self.reader = PayloadReader(decoder: Body.decoder)
        self.encoder = Body.encoder
    }

    func run(
        _ received: ReceivedInvocation,
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory
    ) async -> Outcome {
        let origin: EventOrigin
        let payload: Body.Payload
        do throws(UndecodableEvent) {
            (origin, payload) = try self.reader.read(received)
        } catch {
            return .undecodable(error)
        }
        let state = InvocationState(origin, deadline: deadline, encoder: self.encoder, makeLogger: makeLogger)
        do {
            try await self.function.handle(Event(origin, payload: payload), context: FunctionContext(state))
            return .done(emitted: state.end())
        } catch {
            _ = state.end()
            let isLate = stop.reason == .deadline || ContinuousClock.now >= deadline
            return .thrown(error, lateAfter: isLate ? received.run.timeout : nil)
        }
    }
}

extension Outcome {
    static func undecodable(_ error: UndecodableEvent) -> Outcome {
        .undecodable(Failure(type: "DecodingError", message: error.message.prefix(bytes: Failure.longestMessage)))
    }

    /// What an error that a function threw means.
    ///
    /// - Parameter timeout: the time that the function had, if that was over; nil if it was not.
    static func thrown(_ error: any Error, lateAfter timeout: Duration?) -> Outcome {
        if let timeout { return .timedOut(Failure(error, lateAfter: timeout)) }
        let failure = Failure(error)
        if let later = error as? RetryLater { return .later(after: max(.zero, later.delay), failure) }
        if error is Rejected { return .rejected(failure) }
        return .failed(failure)
    }
}

extension Failure {
    init(_ error: any Error) {
        self.init(
            type: String(describing: Swift.type(of: error)),
            message: Self.words(of: error).prefix(bytes: Failure.longestMessage)
        )
    }

    /// That of a function whose time was over. Its cancellation says nothing else; any other error does.
    fileprivate init(_ error: any Error, lateAfter timeout: Duration) {
        let words = Self.overdue(timeout)
        if error is CancellationError {
            self.init(type: Self.overdueType, message: words)
        } else {
            self.init(
                type: String(describing: Swift.type(of: error)),
                message: "\(words): \(Self.words(of: error))".prefix(bytes: Failure.longestMessage)
            )
        }
    }

    private static func words(of error: any Error) -> String {
        switch error {
        case let later as RetryLater: later.reason
        case let rejected as Rejected: rejected.reason
        default: "\(error)"
        }
    }
}

extension InvokeFrame.Run {
    var timeout: Duration { .milliseconds(self.timeoutMilliseconds) }
}
