/// The consuming side of a broker, confined to the thread of one event loop: it hands over deliveries in batches and
/// takes settlements in batches. Not `Sendable` on purpose; whoever made it on the loop's thread uses it there.
package protocol Intake: AnyObject {
    /// Consumes a queue. The handler is called on the loop's thread, first with `.active` or `.interrupted`, and goes
    /// on being called over every loss and recovery until `.ended`.
    func subscribe(_ subscription: Subscription, handler: @escaping (SubscriptionEvent) -> Void) -> SubscriptionID

    /// Stops intake. `.ended` follows when the broker has confirmed it. A second call for the same subscription changes
    /// nothing, whatever its departure.
    func unsubscribe(_ subscription: SubscriptionID, _ departure: Departure)

    /// Nobody waits for the subscription any more, whatever became of its end: the broker is to take back at once what
    /// it has delivered. Nothing more is reported.
    func abandon(_ subscription: SubscriptionID)

    /// The consumer seems dead although the broker has reported nothing: reports `.interrupted(.consumer, error)` and
    /// begins to consume anew. Does nothing unless the broker delivers, as far as the intake knows.
    func renew(_ subscription: SubscriptionID, because error: BrokerError)

    /// The message is done with. The acknowledgement is collected, and sent a few milliseconds later at most.
    func acknowledge(_ tag: DeliveryTag, of subscription: SubscriptionID)

    /// Hands the message back for delivery to anybody (basic.nack with requeue): it was not run.
    func giveBack(_ tag: DeliveryTag, of subscription: SubscriptionID)

    /// Has the broker itself dead-letter the message (basic.reject without requeue).
    func refuse(_ tag: DeliveryTag, of subscription: SubscriptionID)

    /// Ends a turn of the loop: the intake may send the acknowledgements that it has collected, or wait briefly for
    /// more.
    func flush()

    /// Sends what has been settled and closes; unsettled messages go back to their queues. `completion` is called on
    /// the loop's thread when the broker has taken it all, or after a moment without an answer.
    func close(_ completion: @escaping () -> Void)
}

extension Intake {
    /// Consumes a queue as most are consumed.
    package func subscribe(
        to queue: String,
        prefetch: UInt16,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> SubscriptionID {
        self.subscribe(Subscription(queue: queue, prefetch: prefetch), handler: handler)
    }

    /// For a broker that answers every end.
    package func abandon(_ subscription: SubscriptionID) {}

    /// Stops intake; what was handed over can still be settled.
    package func unsubscribe(_ subscription: SubscriptionID) { self.unsubscribe(subscription, .settling) }
}

/// What becomes of the deliveries that a subscription holds unsettled when it is given up.
package enum Departure: Sendable {
    /// They stay with it, and can be settled after the end.
    ///
    /// The broker does not wait for that: of a queue with a single active consumer it makes the next one active at once
    /// (basic.cancel), which may then run what came later beside what still runs here.
    case settling
    /// They go back to the queue, in their order and before another consumer gets anything. What has been acknowledged
    /// before the call stays acknowledged; deliveries that still come are not handed over, and settlements of this
    /// subscription have no effect from the call on.
    case returning
}

/// Names a subscription within its intake.
package struct SubscriptionID: Sendable, Hashable {
    package let number: Int
    package init(number: Int) { self.number = number }
}

/// What happens to a subscription. Loss of the connection, of the channel and of the consumer are three signals
/// (AMQP 0-9-1: connection.close or a dead socket, channel.close, basic.cancel); each arrives as `interrupted` with
/// its cause and is healed by the intake.
package enum SubscriptionEvent {
    /// The broker delivers from now on.
    case active
    case deliveries([Delivery])
    /// Deliveries stopped, and every tag handed over so far is void: the broker will deliver those messages again.
    /// Among them may be some that were acknowledged: an acknowledgement is taken only when it reaches the broker.
    case interrupted(Interruption, BrokerError)
    /// Unsubscribed as asked; nothing more is delivered. After `Departure.settling` tags stay valid until the intake
    /// closes, or until an `interrupted` says that the connection or the channel was lost; after `Departure.returning`
    /// all are void.
    case ended
}

/// Which of the three things was lost.
package enum Interruption: String, Sendable {
    case connection
    case channel
    case consumer
}
