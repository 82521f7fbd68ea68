package import Manifests
package import Messaging
import Topology

/// Makes the messages that replace a delivery: delayed copies, dead letters, emitted events. Pure.
package struct CopyBuilder: Sendable {
    package let names: TopologyNames
    /// What `warren-host` says.
    package let host: String

    package init(names: TopologyNames, host: String) {
        self.names = names
        self.host = host
    }

    /// Properties and headers of all copies must fit one frame with room to spare; the error's text gives way first.
    private static let headerRoom = 120_000

    /// The copy that comes back to the queue after the delay.
    func retry(
        _ delivery: Delivery,
        queue: String,
        function: String,
        origin: Origin,
        after delay: Duration,
        expiresAt: Int64?,
        history: AttemptHistory,
        failure: Failure
    ) -> (message: OutgoingMessage, level: Int) {
        let route = DelayRoute(delay, to: queue, precision: .fourHops)
        let message = self.copy(
            delivery,
            to: self.names.delayLevel(route.highestLevel),
            routingKey: route.routingKey,
            function: function,
            origin: origin,
            history: history,
            failure: failure,
            more: expiresAt.map { [(RuntimeHeaders.expiresAt, .integer($0))] } ?? []
        )
        return (message, route.highestLevel)
    }

    func deadLetter(
        _ delivery: Delivery,
        queue: String,
        function: String,
        origin: Origin,
        reason: DeadReason,
        history: AttemptHistory,
        failure: Failure,
        now: Int64
    ) -> OutgoingMessage {
        self.copy(
            delivery,
            to: self.names.deadLetterExchange,
            routingKey: queue,
            function: function,
            origin: origin,
            history: history,
            failure: failure,
            more: [
                (RuntimeHeaders.deadReason, .string(reason.rawValue)),
                (RuntimeHeaders.deadAt, .integer(now)),
            ] + (failure.answer.map(Self.headers) ?? [])
        )
    }

    private static func headers(_ answer: EndpointAnswer) -> [(String, FieldValue)] {
        var headers: [(String, FieldValue)] = [(RuntimeHeaders.httpDuration, .integer(answer.milliseconds))]
        if let status = answer.status { headers.append((RuntimeHeaders.httpStatus, .integer(Int64(status)))) }
        if !answer.excerpt.isEmpty { headers.append((RuntimeHeaders.httpResponse, .string(answer.excerpt))) }
        return headers
    }

    private func copy(
        _ delivery: Delivery,
        to exchange: String,
        routingKey: String,
        function: String,
        origin: Origin,
        history: AttemptHistory,
        failure: Failure,
        more: [(String, FieldValue)]
    ) -> OutgoingMessage {
        let layout = delivery.layout
        var properties = layout.properties(in: delivery.bytes)
        // A message's own time to live would cut the delay short. Its end travels as a header (see `Expiry`).
        properties.expiration = nil
        if properties.messageID?.isEmpty ?? true { properties.messageID = delivery.eventID(EventAttributes(delivery)) }
        var headers = delivery.headers(layout)
        headers.removeEntries(where: RuntimeHeaders.isStripped)
        var own: [(String, FieldValue)] = [
            (RuntimeHeaders.attempt, .integer(Int64(history.attempt))),
            (RuntimeHeaders.deferrals, .integer(Int64(history.deferrals))),
            (RuntimeHeaders.function, .string(function)),
            (RuntimeHeaders.host, .string(self.host)),
            (RuntimeHeaders.originalExchange, .string(origin.exchange)),
            (RuntimeHeaders.originalRoutingKey, .string(origin.routingKey)),
            (RuntimeHeaders.errorType, .string(failure.type.prefix(bytes: 255))),
        ]
        if let firstFailedAt = history.firstFailedAt {
            own.append((RuntimeHeaders.firstFailedAt, .integer(firstFailedAt)))
        }
        own.append(contentsOf: more)
        // Appended, not set: whatever had these names has been cut out already.
        headers = FieldTable(bytes: headers.bytes + FieldTable(own).bytes)
        let room = max(0, min(Failure.longestMessage, Self.headerRoom - headers.bytes.count))
        let error = FieldTable([(RuntimeHeaders.error, .string(failure.message.prefix(bytes: room)))])
        headers = FieldTable(bytes: headers.bytes + error.bytes)
        return OutgoingMessage(
            exchange: exchange,
            routingKey: routingKey,
            properties: properties,
            headers: headers,
            body: delivery.body
        )
    }

    /// An emitted event. Its id is made from the event that caused it, source and id, so that an event that runs twice
    /// emits the same ids twice, and events of two sources with one id emit different ones. When the cause has a
    /// made-up id, equal causes share it, and so would their effects: their ids are marked like it.
    ///
    /// - Returns: the message, and the delay level that it enters if it is not to leave at once.
    func emitted(
        _ event: EmittedEvent,
        number: Int,
        by function: String,
        for cause: (source: String, id: String),
        exchange: String,
        now: Int64
    ) -> (message: OutgoingMessage, level: Int?) {
        var hash = StableHash()
        hash.combine(cause.source)
        hash.combine(cause.id)
        hash.combine(function)
        hash.combine(UInt64(number))
        let isMadeUp = cause.id.hasPrefix(EventAttributes.generatedPrefix)
        var message = EventMessage(
            id: isMadeUp ? EventAttributes.generatedPrefix + hash.identifier : hash.identifier,
            type: event.type,
            source: function,
            timeMilliseconds: now,
            payload: event.payload
        )
        message.contentType = event.contentType
        message.correlationID = event.correlationID
        message.causationID = event.causationID
        message.traceParent = event.traceParent
        message.traceState = event.traceState
        let outgoing = message.message(exchange: exchange, routingKey: event.key)
        guard event.delay > .zero else { return (outgoing, nil) }
        return self.scheduled(outgoing, after: event.delay, now: now)
    }

    /// The same message, to be published after the delay: it goes through the levels to the host's queue of due
    /// messages, which knows from its headers where it is to go.
    ///
    /// - Parameter now: milliseconds since 1970. A time to live begins when the message is due.
    package func scheduled(
        _ message: OutgoingMessage,
        after delay: Duration,
        now: Int64
    ) -> (message: OutgoingMessage, level: Int) {
        let route = DelayRoute(delay, to: self.names.scheduled, precision: .exact)
        var message = message
        message.headers.set(RuntimeHeaders.originalExchange, .string(message.exchange))
        message.headers.set(RuntimeHeaders.originalRoutingKey, .string(message.routingKey))
        if let life = message.properties.expiration.flatMap({ Int64($0) }) {
            let end = (now + Int64(delay / .milliseconds(1))).addingReportingOverflow(life)
            if !end.overflow { message.headers.set(RuntimeHeaders.expiresAt, .integer(end.partialValue)) }
            message.properties.expiration = nil
        }
        message.exchange = self.names.delayLevel(route.highestLevel)
        message.routingKey = route.routingKey
        return (message, route.highestLevel)
    }

    /// A due message, to be published later than it was meant to be. The end of its time stays where it was.
    ///
    /// - Parameters:
    ///   - due: as `due(_:now:)` has made it.
    ///   - delivery: the due message as it came.
    func putOff(
        _ due: OutgoingMessage,
        of delivery: Delivery,
        for delay: Duration,
        now: Int64
    ) -> (message: OutgoingMessage, level: Int) {
        var message = due
        message.properties.expiration = nil
        if let end = delivery.headers[RuntimeHeaders.expiresAt] { message.headers.set(RuntimeHeaders.expiresAt, end) }
        return self.scheduled(message, after: delay, now: now)
    }

    /// A due message as it was meant to be published; nil when it does not say where to.
    func due(_ delivery: Delivery, now: Int64) -> OutgoingMessage? {
        let layout = delivery.layout
        var headers = delivery.headers(layout)
        guard let origin = Origin(headers) else { return nil }
        var properties = layout.properties(in: delivery.bytes)
        if case .integer(let end)? = headers[RuntimeHeaders.expiresAt] {
            // Anybody may have written it. RabbitMQ takes 32 bits (an AMQP short string of milliseconds).
            let (rest, isTooFar) = end.subtractingReportingOverflow(now)
            properties.expiration = isTooFar && end > 0 ? nil : "\(min(max(0, isTooFar ? 0 : rest), Int64(UInt32.max)))"
        }
        headers.removeEntries(where: RuntimeHeaders.isStripped)
        return OutgoingMessage(
            exchange: origin.exchange,
            routingKey: origin.routingKey,
            properties: properties,
            headers: headers,
            body: delivery.body
        )
    }

    /// The message for the parked queue: nobody was bound for it.
    func parked(_ message: OutgoingMessage) -> OutgoingMessage {
        var parked = message
        parked.headers.set(RuntimeHeaders.originalExchange, .string(message.exchange))
        parked.headers.set(RuntimeHeaders.originalRoutingKey, .string(message.routingKey))
        // Somebody is to look at it, whenever that is.
        parked.properties.expiration = nil
        parked.exchange = self.names.parked
        parked.routingKey = ""
        return parked
    }
}
