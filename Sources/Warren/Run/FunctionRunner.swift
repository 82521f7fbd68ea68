import FoundationEssentials
package import Messaging
package import WorkerProtocol

/// One run of a function: how it ended and how long it took.
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
package struct FunctionRunner: Sendable {
    /// The function's name, as manifests write it.
    package let name: String
    private let function: any RunnableFunction

    /// Makes a function ready: calls its `init`.
    ///
    /// - Throws: What the function's `init` throws. A worker reports it and exits.
    package init(_ type: any Function.Type) async throws {
        self.name = type.name
        self.function = try await Self.make(type)
    }

    private static func make<Body: Function>(_ type: Body.Type) async throws -> any RunnableFunction {
        TypedFunction(function: try await Body())
    }

    /// Runs the function once. The caller cancels the task at the deadline, after raising `stop`.
    package func run(
        _ received: ReceivedInvocation,
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory
    ) async -> FunctionRun {
        let start = ContinuousClock.now
        let outcome = await self.function.run(received, deadline: deadline, stop: stop, makeLogger: makeLogger)
        let (seconds, attoseconds) = start.duration(to: .now).components
        return FunctionRun(
            outcome: outcome,
            nanoseconds: UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
        )
    }
}

/// A function behind one call that does not depend on its payload.
private protocol RunnableFunction: Sendable {
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
            return .undecodable(Failure(type: "DecodingError", message: error.message.prefix(bytes: Failure.longest)))
        }
        let state = InvocationState(origin, deadline: deadline, encoder: self.encoder, makeLogger: makeLogger)
        do {
            try await self.function.handle(Event(origin, payload: payload), context: FunctionContext(state))
            return .done(emitted: state.end())
        } catch {
            _ = state.end()
            return .thrown(error, isLate: stop.reason == .deadline || ContinuousClock.now >= deadline)
        }
    }
}

extension Outcome {
    /// What an error that a function threw means.
    static func thrown(_ error: any Error, isLate: Bool) -> Outcome {
        let failure = Failure(error)
        if isLate { return .timedOut(failure) }
        if let later = error as? RetryLater { return .later(after: max(.zero, later.delay), failure) }
        if error is Rejected { return .rejected(failure) }
        return .failed(failure)
    }
}

extension Failure {
    /// What travels of a message in a header, in bytes.
    static let longest = 8 << 10

    init(_ error: any Error) {
        let message =
            switch error {
            case let later as RetryLater: later.reason
            case let rejected as Rejected: rejected.reason
            default: "\(error)"
            }
        self.init(
            type: String(describing: Swift.type(of: error)),
            message: message.prefix(bytes: Failure.longest)
        )
    }
}
