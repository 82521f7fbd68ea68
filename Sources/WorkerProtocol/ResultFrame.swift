package import Messaging

/// The body of a result frame:
///
///     u8 outcome                   0 done, 1 failed, 2 rejected, 3 undecodable, 4 later, 5 timed out, 6 skipped
///     u64 nanoseconds              how long the function ran
///     done:   u16 count, count × emitted event
///     later:  u64 delayMilliseconds, then as for the others
///     skipped: empty
///     others: text16 errorType, text32 message
///
/// An emitted event is `text16 key, text16 type, text16 contentType, u64 delayMilliseconds, text16 correlationID,
/// text16 causationID, text16 traceParent, text16 traceState, u32 length, payload`. An empty text means that there is
/// no value.
package struct ResultFrame: Sendable, Equatable {
    package let outcome: Outcome
    package let nanoseconds: UInt64

    package init(outcome: Outcome, nanoseconds: UInt64) {
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }

    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        let code = try cursor.integer(UInt8.self)
        self.nanoseconds = try cursor.integer()
        switch code {
        case 0:
            var emitted: [EmittedEvent] = []
            for _ in 0..<(try cursor.integer(UInt16.self)) { emitted.append(try Self.emittedEvent(&cursor)) }
            self.outcome = .done(emitted: emitted)
        case 1: self.outcome = .failed(try Self.failure(&cursor))
        case 2: self.outcome = .rejected(try Self.failure(&cursor))
        case 3: self.outcome = .undecodable(try Self.failure(&cursor))
        case 4:
            let delay = Duration.milliseconds(Int64(clamping: try cursor.integer(UInt64.self)))
            self.outcome = .later(after: delay, try Self.failure(&cursor))
        case 5: self.outcome = .timedOut(try Self.failure(&cursor))
        case 6: self.outcome = .skipped
        default: throw FrameError("a result has the unknown outcome \(code)")
        }
    }

    package func write(invocation: UInt64, to bytes: inout [UInt8]) {
        bytes.appendFrame(.result, invocation: invocation) { body in
            switch self.outcome {
            case .done(let emitted):
                body.append(0)
                body.appendLittleEndian(self.nanoseconds)
                body.appendLittleEndian(UInt16(emitted.count))
                for event in emitted { Self.write(event, to: &body) }
            case .skipped:
                body.append(6)
                body.appendLittleEndian(self.nanoseconds)
            case .failed(let failure): self.write(1, failure, to: &body)
            case .rejected(let failure): self.write(2, failure, to: &body)
            case .undecodable(let failure): self.write(3, failure, to: &body)
            case .later(let delay, let failure):
                self.write(4, failure, delay: UInt64(clamping: delay.wholeMilliseconds), to: &body)
            case .timedOut(let failure), .crashed(let failure): self.write(5, failure, to: &body)
            }
        }
    }

    private func write(_ code: UInt8, _ failure: Failure, delay: UInt64? = nil, to body: inout [UInt8]) {
        body.append(code)
        body.appendLittleEndian(self.nanoseconds)
        if let delay { body.appendLittleEndian(delay) }
        body.appendText16(failure.type)
        body.appendText32(failure.message)
    }

    private static func failure(_ cursor: inout FrameCursor) throws(FrameError) -> Failure {
        Failure(type: try cursor.text16(), message: try cursor.text32())
    }

    private static func write(_ event: EmittedEvent, to body: inout [UInt8]) {
        body.appendText16(event.key)
        body.appendText16(event.type)
        body.appendText16(event.contentType)
        body.appendLittleEndian(UInt64(clamping: event.delay.wholeMilliseconds))
        body.appendText16(event.correlationID)
        body.appendText16(event.causationID)
        body.appendText16(event.traceParent ?? "")
        body.appendText16(event.traceState ?? "")
        body.appendLittleEndian(UInt32(event.payload.count))
        body.append(contentsOf: event.payload)
    }

    private static func emittedEvent(_ cursor: inout FrameCursor) throws(FrameError) -> EmittedEvent {
        let key = try cursor.text16()
        let type = try cursor.text16()
        let contentType = try cursor.text16()
        let delay = Duration.milliseconds(Int64(clamping: try cursor.integer(UInt64.self)))
        let correlationID = try cursor.text16()
        let causationID = try cursor.text16()
        let traceParent = try cursor.text16()
        let traceState = try cursor.text16()
        let payload = try cursor.take(Int(try cursor.integer(UInt32.self)))
        return EmittedEvent(
            key: key,
            type: type,
            contentType: contentType,
            payload: ArraySlice([UInt8](payload)),
            delay: delay,
            correlationID: correlationID,
            causationID: causationID,
            traceParent: traceParent.isEmpty ? nil : traceParent,
            traceState: traceState.isEmpty ? nil : traceState
        )
    }
}
