/// What is asked of the broker by whoever consumes a queue (AMQP 0-9-1, basic.qos and basic.consume).
package struct Subscription: Sendable, Hashable {
    package var queue: String
    /// How many deliveries may be unsettled at a time.
    package var prefetch: UInt16
    /// Of the consumer: `x-stream-offset` says where in a stream it begins, `x-priority` who is served first.
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

/// What a settlement means to the queue that a delivery came from.
package enum SettlingMode: Sendable, Hashable {
    /// The message is gone when it is acknowledged. Given back, or lost with its channel, it is delivered again.
    case message
    /// A settlement makes room for another delivery, and nothing else: a stream keeps its messages, and delivers none
    /// of them twice to one consumer. So what is given back or refused is acknowledged. Source:
    /// https://www.rabbitmq.com/docs/streams#consuming
    case credit
}
