import FoundationEssentials
package import Messaging
package import WorkerProtocol

/// The result of one run of a function: its outcome and its duration. For an event of a batch, the duration is that of
/// the batch.
package struct FunctionRun: Sendable, Equatable {
    package let outcome: Outcome
    package let nanoseconds: UInt64

    package init(outcome: Outcome, nanoseconds: UInt64) {
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }
}

/// A function that is ready to run, with its payload type erased. Turns an invocation into an outcome, without any I/O
/// of its own.
///
/// Errors become outcomes like this:
/// - the event cannot be decoded: undecodable, with the path in the payload; the function is not called;
/// - ``RetryLater`` before the deadline: later; ``Rejected`` before the deadline: rejected;
/// - any error after the deadline, ``RetryLater`` and ``Rejected`` included: timed out;
/// - any other error: failed. That includes a `DecodingError` that the function itself throws, and the error of an
///   invocation that the host cancelled before its deadline.
///
/// A function that returns is done, even after the deadline: its work is finished, and running it again would repeat
/// it.
///
/// For an event of a batch the same rules apply: to the error that the function gave to ``BatchItem/fail(_:)``, which
/// is never a timeout, or else to what the batch returned or threw.
package struct FunctionRunner: Sendable {
    /// The function's name, as manifests write it.
    package let name: String

    private let function: any RunnableFunction
    /// The same function if it takes several events at once; `nil` otherwise.
    private let batchFunction: (any RunnableBatch)?

    /// Creates the function with its `init`.
    ///
    /// - Throws: Whatever the function's `init` throws. A worker reports it and exits.
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

    /// Runs the function on one event, or a batch function on a batch of one. At the deadline the caller must raise
    /// `stop` and then cancel the task.
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

    /// Runs a batch function once on several events, or any other function on one after the other. Each invocation is
    /// answered once, by its index in `batch`. Those that cannot be decoded are answered before the function begins.
    ///
    /// - Parameter deadline: The deadline of the batch, at which the caller must raise `stop` and then cancel the task.
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

/// A function with its payload type erased.
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

    /// The outcome for an error that a function threw.
    ///
    /// - Parameter timeout: the invocation's timeout if its deadline has passed, else `nil`.
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

    /// The failure of an invocation whose deadline has passed. A `CancellationError` adds no information to that; any
    /// other error does.
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
