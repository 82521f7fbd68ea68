package import Messaging

/// The body of an invoke frame:
///
///     u32 timeoutMilliseconds      from receipt; the worker then cancels the task
///     u32 attempt                  1 for the first run
///     u32 maxAttempts
///     i64 timeMilliseconds         the event's time since 1970, or Int64.min: see attribute 6
///     u8 count, count × (u8 attribute, u16 length, octets)
///     u32 length, octets           the message's header table, as in AMQP 0-9-1 section 4.2.5.5
///     octets                       the payload, to the end of the frame
///
/// An attribute longer than 65,535 octets is truncated. A worker ignores attributes that it does not know. Attributes
/// are UTF-8, unless the publisher broke that rule.
package enum InvokeFrame {
    package enum Attribute: UInt8, Sendable, CaseIterable {
        case id = 1
        case type = 2
        case source = 3
        case subject = 4
        case version = 5
        /// RFC 3339. Sent only if the event's time is known as text alone.
        case time = 6
        case correlationID = 7
        case causationID = 8
        case routingKey = 9
        case contentType = 10
        case traceParent = 11
        case traceState = 12
        /// How the payload is compressed, as the publisher wrote it. The worker interprets the value and decompresses
        /// the payload.
        case contentEncoding = 13
    }

    /// What the host adds to the message.
    package struct Run: Sendable, Equatable {
        package let timeoutMilliseconds: UInt32
        package let attempt: UInt32
        package let maxAttempts: UInt32

        package init(timeoutMilliseconds: UInt32, attempt: UInt32, maxAttempts: UInt32) {
            self.timeoutMilliseconds = timeoutMilliseconds
            self.attempt = attempt
            self.maxAttempts = maxAttempts
        }
    }

    /// Appends an invoke frame for a delivery, copied directly from the delivery's bytes.
    ///
    /// - Parameters:
    ///   - resolvedID: the event's id if it is not among the attributes, see `Delivery.eventIDOverride`.
    ///   - receivedMilliseconds: the current time in milliseconds since 1970, which becomes the event's time if the
    ///     message has none.
    package static func write(
        invocation: UInt64,
        run: Run,
        delivery: Delivery,
        attributes: EventAttributes,
        resolvedID: String?,
        originalRoutingKey: String?,
        receivedMilliseconds: Int64,
        to bytes: inout [UInt8]
    ) {
        bytes.appendFrame(.invoke, invocation: invocation) { body in
            body.appendLittleEndian(run.timeoutMilliseconds)
            body.appendLittleEndian(run.attempt)
            body.appendLittleEndian(run.maxAttempts)
            if let timestamp = attributes.timestamp {
                body.appendLittleEndian(timestamp.milliseconds)
            } else {
                body.appendLittleEndian(attributes.time.isPresent ? Int64.min : receivedMilliseconds)
            }
            var count: UInt8 = 0
            let countIndex = body.count
            body.append(0)
            func field(_ attribute: Attribute, _ range: ByteRange) {
                guard range.isPresent else { return }
                count += 1
                body.append(attribute.rawValue)
                // Truncated like texts: no message may crash the host.
                let octets = delivery.bytes[range.lowerBound..<range.upperBound].prefix(Int(UInt16.max))
                body.appendLittleEndian(UInt16(octets.count))
                body.append(contentsOf: octets)
            }
            func text(_ attribute: Attribute, _ text: String) {
                count += 1
                body.append(attribute.rawValue)
                body.appendText16(text)
            }
            if let resolvedID { text(.id, resolvedID) } else { field(.id, attributes.id) }
            field(.type, attributes.type)
            field(.source, attributes.source)
            field(.subject, attributes.subject)
            field(.version, attributes.version)
            if attributes.timestamp == nil { field(.time, attributes.time) }
            field(.correlationID, attributes.correlationID)
            field(.causationID, attributes.causationID)
            if let originalRoutingKey {
                text(.routingKey, originalRoutingKey)
            } else {
                field(.routingKey, delivery.routingKeyRange)
            }
            field(.contentType, attributes.contentType)
            field(.contentEncoding, attributes.contentEncoding)
            field(.traceParent, attributes.traceParent)
            field(.traceState, attributes.traceState)
            body[countIndex] = count
            if attributes.headers.isPresent {
                body.appendLittleEndian(UInt32(attributes.headers.count))
                body.append(
                    contentsOf: delivery.bytes[attributes.headers.lowerBound..<attributes.headers.upperBound]
                )
            } else {
                body.appendLittleEndian(UInt32(0))
            }
            body.append(contentsOf: delivery.body)
        }
    }
}

/// An invocation as the worker received it. Attributes stay bytes until the function reads them.
package struct ReceivedInvocation: Sendable {
    package let invocation: UInt64
    package let run: InvokeFrame.Run
    /// The event's time in milliseconds since 1970; `nil` if the time is the attribute `time`.
    package let timeMilliseconds: Int64?
    private let bytes: [UInt8]
    private let attributes: Range<Int>
    private let headerRange: Range<Int>
    private let payloadStart: Int

    package init(_ frame: Frame) throws(FrameError) {
        self.invocation = frame.invocation
        self.bytes = [UInt8](frame.body)
        var cursor = FrameCursor(self.bytes[...])
        self.run = InvokeFrame.Run(
            timeoutMilliseconds: try cursor.integer(),
            attempt: try cursor.integer(),
            maxAttempts: try cursor.integer()
        )
        let time = Int64(bitPattern: try cursor.integer(UInt64.self))
        self.timeMilliseconds = time == .min ? nil : time
        let count = try cursor.integer(UInt8.self)
        let start = cursor.offset
        for _ in 0..<count {
            try cursor.skip(1)
            try cursor.skip(Int(try cursor.integer(UInt16.self)))
        }
        self.attributes = start..<cursor.offset
        let headerCount = Int(try cursor.integer(UInt32.self))
        let headerStart = cursor.offset
        try cursor.skip(headerCount)
        self.headerRange = headerStart..<cursor.offset
        self.payloadStart = cursor.offset
    }

    package subscript(attribute: InvokeFrame.Attribute) -> String? {
        var offset = self.attributes.lowerBound
        while offset < self.attributes.upperBound {
            let count = Int(self.bytes.littleEndian(UInt16.self, at: offset + 1))
            if self.bytes[offset] == attribute.rawValue {
                return String(decoding: self.bytes[offset + 3..<offset + 3 + count], as: UTF8.self)
            }
            offset += 3 + count
        }
        return nil
    }

    package var headers: FieldTable { FieldTable(bytes: [UInt8](self.bytes[self.headerRange])) }
    /// The message's body, compressed if its publisher compressed it.
    package var payload: ArraySlice<UInt8> { self.bytes[self.payloadStart...] }
}
