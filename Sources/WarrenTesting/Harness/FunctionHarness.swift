import EventLoops
import FoundationEssentials
import Invoking
import Logging
import Messaging
import Processing
public import Warren
import WorkerProtocol

/// Runs one function on events that a test makes, through the same code as a worker: decoding, the deadline, the
/// mapping of errors to outcomes, and emitted events. Needs no broker and no process.
///
/// ```swift
/// let harness = try await FunctionHarness(ReserveStock.self)
/// let result = try await harness.run(OrderPlaced(orderID: "A-1", total: 20))
/// #expect(result.isDone)
/// #expect(try result.emitted[0].decode(StockReserved.self).orderID == "A-1")
/// ```
public struct FunctionHarness<Body: Function>: Sendable {
    private let runner: FunctionRunner

    /// Creates the function.
    ///
    /// - Throws: Whatever the function's `init` throws.
    public init(_ type: Body.Type) async throws {
        self.runner = try await FunctionRunner(type)
    }

    /// Runs the function on a payload, which is encoded as another function would emit it.
    ///
    /// - Parameters:
    ///   - payload: What the event carries.
    ///   - key: The routing key, and the event's type.
    ///   - id: The event's id; a new one when `nil`.
    ///   - headers: Headers beside the attributes.
    ///   - attempt: What `context.attempt` says.
    ///   - maxAttempts: What `context.maxAttempts` says.
    ///   - timeout: After this the task is cancelled, as by the manifest's `timeout`.
    /// - Throws: The encoder's error. What the function throws is in the result.
    public func run(
        _ payload: some Encodable & Sendable,
        key: String = "test.event",
        id: String? = nil,
        headers: [String: String] = [:],
        attempt: Int = 1,
        maxAttempts: Int = 5,
        timeout: Duration = .seconds(30)
    ) async throws -> RunResult {
        let bytes = [UInt8](try Body.encoder.encode(payload))
        return await self.run(
            bytes: bytes,
            contentType: "application/json",
            key: key,
            id: id,
            headers: headers,
            attempt: attempt,
            maxAttempts: maxAttempts,
            timeout: timeout
        )
    }

    /// Runs the function on the bytes of a payload. Use it for invalid input, and for functions on `RawPayload`.
    ///
    /// - Parameters:
    ///   - bytes: The payload, as it is in the message.
    ///   - contentType: The payload's media type.
    ///   - contentEncoding: How the bytes are compressed, as a publisher would declare it: `gzip`, `deflate`, `br` or
    ///     `zstd`; `nil` if they are not.
    ///   - key: The routing key, and the event's type.
    ///   - id: The event's id; a new one when `nil`.
    ///   - headers: Headers beside the attributes.
    ///   - attempt: What `context.attempt` says.
    ///   - maxAttempts: What `context.maxAttempts` says.
    ///   - timeout: After this the task is cancelled, as by the manifest's `timeout`.
    public func run(
        bytes: [UInt8],
        contentType: String = "application/json",
        contentEncoding: String? = nil,
        key: String = "test.event",
        id: String? = nil,
        headers: [String: String] = [:],
        attempt: Int = 1,
        maxAttempts: Int = 5,
        timeout: Duration = .seconds(30)
    ) async -> RunResult {
        let invocation = Self.invocation(
            bytes: bytes,
            contentType: contentType,
            contentEncoding: contentEncoding,
            key: key,
            id: id,
            headers: headers,
            attempt: attempt,
            maxAttempts: maxAttempts
        )
        let logger = Logger(label: self.runner.name) { _ in SwiftLogNoOpLogHandler() }
        let run = await InProcessRun.perform(invocation, on: self.runner, timeout: timeout, logger: logger)
        return RunResult(run.outcome)
    }

    private static func invocation(
        bytes: [UInt8],
        contentType: String = "application/json",
        contentEncoding: String? = nil,
        key: String = "test.event",
        id: String? = nil,
        headers: [String: String] = [:],
        attempt: Int = 1,
        maxAttempts: Int = 5
    ) -> Invocation {
        var event = EventMessage(
            id: id ?? "event-\(UUID().uuidString)",
            type: key,
            source: "test",
            timeMilliseconds: WallClock.system.milliseconds,
            payload: bytes[...]
        )
        event.contentType = contentType
        event.contentEncoding = contentEncoding
        event.headers = headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let delivery = Delivery(
            event.message(exchange: "", routingKey: key),
            tag: DeliveryTag(generation: 1, value: 1)
        )
        return Invocation(
            id: InvocationID(run: 1, place: 0),
            delivery: delivery,
            attributes: EventAttributes(delivery),
            resolvedID: nil,
            attempt: attempt,
            maxAttempts: maxAttempts,
            originalRoutingKey: nil
        )
    }
}

extension FunctionHarness where Body: BatchFunction {
    /// Runs the function once on a batch of events with these payloads.
    ///
    /// - Returns: One result for each event, in their order.
    /// - Throws: The encoder's error. What the function throws is in the results.
    public func run(
        batch payloads: [some Encodable & Sendable],
        timeout: Duration = .seconds(30)
    ) async throws -> [RunResult] {
        let invocations = try payloads.map { Self.invocation(bytes: [UInt8](try Body.encoder.encode($0))) }
        let logger = Logger(label: self.runner.name) { _ in SwiftLogNoOpLogHandler() }
        return try await InProcessRun.perform(batch: invocations, on: self.runner, timeout: timeout, logger: logger)
            .map { RunResult($0.outcome) }
    }
}
