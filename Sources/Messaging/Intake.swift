/// The consuming side of a broker, confined to the thread of one event loop: it hands over deliveries in batches and
/// takes settlements in batches. Deliberately not `Sendable`: it is created and used on the loop's thread.
package protocol Intake: AnyObject {
    /// Consumes a queue. The handler is called on the loop's thread, first with `.active` or `.interrupted`. It goes on
    /// being called through every loss and recovery until `.ended`.
    func subscribe(_ subscription: Subscription, handler: @escaping (SubscriptionEvent) -> Void) -> SubscriptionID

    /// Stops consuming. `.ended` follows when the broker has confirmed it. A second call for the same subscription
    /// changes nothing, whatever its departure.
    func unsubscribe(_ subscription: SubscriptionID, _ departure: UnsubscribeMode)

    /// Drops a subscription that nobody waits for any more, whether or not it has ended: the broker is to requeue at
    /// once what it has delivered. Nothing more is reported.
    func abandon(_ subscription: SubscriptionID)

    /// Restarts a consumer that seems dead although the broker has reported nothing: reports `.interrupted(.consumer,
    /// error)` and consumes again. Does nothing unless the consumer is active, as far as the intake knows.
    func renew(_ subscription: SubscriptionID, because error: BrokerError)

    /// Acknowledges a delivery. The acknowledgement is collected, and sent a few milliseconds later at most.
    func acknowledge(_ tag: DeliveryTag, of subscription: SubscriptionID)

    /// Requeues a delivery that was not run, for any consumer (basic.nack with requeue).
    func requeue(_ tag: DeliveryTag, of subscription: SubscriptionID)

    /// Has the broker itself dead-letter the message (basic.reject without requeue).
    func reject(_ tag: DeliveryTag, of subscription: SubscriptionID)

    /// Ends a turn of the loop: the intake may send the acknowledgements that it has collected, or wait briefly for
    /// more.
    func flush()

    /// Sends the collected settlements and closes; unsettled deliveries go back to their queues. `completion` is called
    /// on the loop's thread when the broker has taken it all, or after a moment without an answer.
    func close(_ completion: @escaping () -> Void)
}

extension Intake {
    /// Consumes a queue without arguments, settling message by message.
    package func subscribe(
        to queue: String,
        prefetch: UInt16,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> SubscriptionID {
        self.subscribe(Subscription(queue: queue, prefetch: prefetch), handler: handler)
    }

    /// Does nothing: enough for a broker that always confirms the end of a consumer.
    package func abandon(_ subscription: SubscriptionID) {}

    /// Stops consuming; deliveries that were handed over can still be settled.
    package func unsubscribe(_ subscription: SubscriptionID) { self.unsubscribe(subscription, .settling) }
}

/// What happens to a subscription's unsettled deliveries when it is ended.
package enum UnsubscribeMode: Sendable {
    /// They stay with the subscription, and can be settled after its end.
    ///
    /// The broker does not wait for that. On basic.cancel it makes the next consumer of a queue with a single active
    /// consumer active at once, and that consumer may run later messages beside those that still run here.
    case settling
    /// They go back to the queue, in their order and before another consumer gets anything. What was acknowledged
    /// before the call stays acknowledged. From the call on, deliveries that still arrive are not handed over, and
    /// settlements of this subscription have no effect.
    case returning
}

/// Identifies a subscription within its intake.
package struct SubscriptionID: Sendable, Hashable {
    package let number: Int
    package init(number: Int) { self.number = number }
}

/// An event of a subscription. Loss of the connection, of the channel and of the consumer are three signals (AMQP
/// 0-9-1: connection.close or a dead socket, channel.close, basic.cancel). Each is reported as `interrupted` with its
/// cause, and the intake recovers from it.
package enum SubscriptionEvent {
    /// The broker delivers from now on.
    case active
    case deliveries([Delivery])
    /// Deliveries have stopped, and every tag handed over so far is void: the broker will deliver those messages again.
    /// Some of them may have been acknowledged already: an acknowledgement counts only once it reaches the broker.
    case interrupted(Interruption, BrokerError)
    /// Unsubscribed as asked; nothing more is delivered. After `UnsubscribeMode.settling` tags stay valid until the
    /// intake closes, or until an `interrupted` says that the connection or the channel was lost. After
    /// `UnsubscribeMode.returning` all tags are void.
    case ended
}

/// What was lost.
package enum Interruption: String, Sendable {
    case connection
    case channel
    case consumer
}
