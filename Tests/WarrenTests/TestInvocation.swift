import Logging
import Messaging
import Testing
import Warren
import WorkerProtocol

/// Makes invocations the way the host does: a delivery, written as a frame, read again.
enum TestInvocation {
    static func bytes(
        _ body: [UInt8],
        number: UInt64 = 1,
        contentType: String? = nil,
        contentEncoding: String? = nil,
        id: String? = "event-1",
        correlationID: String? = nil,
        headers: [(String, FieldValue)] = [],
        timeout: UInt32 = 60_000
    ) -> [UInt8] {
        var properties = BasicProperties()
        properties.contentType = contentType
        properties.contentEncoding = contentEncoding
        properties.messageID = id
        properties.correlationID = correlationID
        let encoded = properties.encoded(headers: FieldTable(headers))
        let key = Array("order.placed".utf8)
        let delivery = Delivery(
            tag: DeliveryTag(generation: 1, value: number),
            exchange: "events",
            isRedelivered: false,
            bytes: key + encoded + body,
            routingKeyCount: key.count,
            propertiesCount: encoded.count
        )
        return Self.bytes(delivery, number: number, timeout: timeout)
    }

    static func bytes(_ delivery: Delivery, number: UInt64 = 1, timeout: UInt32 = 60_000) -> [UInt8] {
        var bytes: [UInt8] = []
        let attributes = EventAttributes(delivery)
        InvokeFrame.write(
            invocation: number,
            run: InvokeFrame.Run(timeoutMilliseconds: timeout, attempt: 2, maxAttempts: 5),
            delivery: delivery,
            attributes: attributes,
            resolvedID: delivery.eventIDOverride(attributes),
            originalRoutingKey: nil,
            receivedMilliseconds: 1_700_000_000_250,
            to: &bytes
        )
        return bytes
    }

    static func received(_ bytes: [UInt8]) throws -> ReceivedInvocation {
        var buffer = FrameBuffer()
        buffer.append(bytes)
        return try ReceivedInvocation(try #require(try buffer.next()))
    }

    static func run(
        _ type: any Function.Type,
        _ body: String,
        contentType: String? = nil,
        correlationID: String? = nil,
        headers: [(String, FieldValue)] = [],
        deadline: ContinuousClock.Instant = .now + .seconds(60),
        stop: StopSignal = StopSignal()
    ) async throws -> Outcome {
        try await Self.run(
            type,
            Array(body.utf8),
            contentType: contentType,
            correlationID: correlationID,
            headers: headers,
            deadline: deadline,
            stop: stop
        )
    }

    static func run(
        _ type: any Function.Type,
        _ body: [UInt8],
        contentType: String? = nil,
        contentEncoding: String? = nil,
        correlationID: String? = nil,
        headers: [(String, FieldValue)] = [],
        deadline: ContinuousClock.Instant = .now + .seconds(60),
        stop: StopSignal = StopSignal()
    ) async throws -> Outcome {
        let bytes = Self.bytes(
            body,
            contentType: contentType,
            contentEncoding: contentEncoding,
            correlationID: correlationID,
            headers: headers
        )
        return try await Self.run(type, frame: bytes, deadline: deadline, stop: stop)
    }

    static func run(
        _ type: any Function.Type,
        frame: [UInt8],
        deadline: ContinuousClock.Instant = .now + .seconds(60),
        stop: StopSignal = StopSignal()
    ) async throws -> Outcome {
        let runner = try await FunctionRunner(type)
        let run = await runner.run(try Self.received(frame), deadline: deadline, stop: stop) { _ in
            Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        }
        return run.outcome
    }
}

extension Outcome {
    var emitted: [EmittedEvent] {
        if case .done(let emitted) = self { emitted } else { [] }
    }

    /// The case's name and the failure's message.
    var summary: String {
        switch self {
        case .done: "done"
        case .skipped: "skipped"
        case .failed(let failure): "failed: \(failure.message)"
        case .rejected(let failure): "rejected: \(failure.message)"
        case .undecodable(let failure): "undecodable: \(failure.message)"
        case .later(let delay, let failure): "later \(delay): \(failure.message)"
        case .timedOut(let failure): "timed out: \(failure.message)"
        case .crashed(let failure): "crashed: \(failure.message)"
        }
    }
}
