/// A message to be published. It is published persistent and `mandatory`, and counts as sent only when the broker has
/// confirmed it.
package struct OutgoingMessage: Sendable, Equatable {
    package var exchange: String
    package var routingKey: String
    package var properties: BasicProperties
    package var headers: FieldTable
    package var body: ArraySlice<UInt8>

    package init(
        exchange: String,
        routingKey: String,
        properties: BasicProperties,
        headers: FieldTable,
        body: ArraySlice<UInt8>
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.headers = headers
        self.body = body
    }
}

/// The result of publishing a message.
package enum PublishResult: Sendable, Equatable {
    /// Stored by every queue that it was routed to.
    case confirmed
    /// Returned: no queue is bound for this exchange and routing key. Nothing was stored.
    case unroutable
    /// The broker could not store it (a queue is full or in trouble). Nothing is guaranteed; publish it again later.
    case nacked
    /// The broker will never accept it as it is: the exchange does not exist, or the user may not write to it.
    case refused(BrokerError)
    /// The properties and headers do not fit one frame, so it was not sent.
    case headersTooLarge
    /// The publisher was closed before the broker had answered: whether the message was stored is unknown.
    case abandoned
}
