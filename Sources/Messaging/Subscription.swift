/// What a consumer asks of the broker (AMQP 0-9-1, basic.qos and basic.consume).
package struct Subscription: Sendable, Hashable {
    package var queue: String
    /// The most deliveries that may be unsettled at a time.
    package var prefetch: UInt16
    /// Arguments of the consumer: `x-stream-offset` is where it begins in a stream, `x-priority` decides which consumer
    /// is served first.
    package var arguments: [DeclarationArgument]
    package var settling: SettlingMode

    package init(
        queue: String,
        prefetch: UInt16,
        arguments: [DeclarationArgument] = [],
        settling: SettlingMode = .message
    ) {
        self.queue = queue
        self.prefetch = prefetch
        self.arguments = arguments
        self.settling = settling
    }
}

/// What a settlement means to the queue of a delivery.
package enum SettlingMode: Sendable, Hashable {
    /// An acknowledged message is gone. A message that is requeued, or lost with its channel, is delivered again.
    case message
    /// A settlement only makes room for another delivery: a stream keeps its messages, and delivers none of them twice
    /// to one consumer. So a delivery that is to be requeued or refused is acknowledged instead. Source:
    /// https://www.rabbitmq.com/docs/streams#consuming
    case credit
}
