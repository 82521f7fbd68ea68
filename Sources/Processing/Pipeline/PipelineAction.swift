import Invoking
package import Messaging

/// What a pipeline wants done. A closed set: its driver, `ConsumerPipeline`, carries out each in the order in which
/// they come.
///
/// The driver keeps room for as many as one event has ever led to, hundreds for a full turn. So each is small: what is
/// large is looked up in the state, or is in a box of its own where it is rare.
enum PipelineAction {
    // The broker.
    case subscribe(queue: String, prefetch: UInt16)
    case unsubscribe(SubscriptionID, UnsubscribeMode)
    case abandon(SubscriptionID)
    case renew(SubscriptionID, because: BrokerError)
    case acknowledge(DeliveryTag, SubscriptionID)
    case requeue(DeliveryTag, SubscriptionID)
    /// The broker dead-letters it.
    case reject(DeliveryTag, SubscriptionID)
    /// Publishes what takes the place of a delivery, and tells the result with `PipelineEvent.settled`.
    indirect case replace(HeldDelivery, SettlementID, by: Settlement)

    // Whoever runs the invocations.
    case start(InvokerSlot.ID)
    /// The delivery is in `DeliveryTable.running`.
    case run(InvocationID, InvokerSlot.ID)
    /// Takes back what has not begun, and tells it with `PipelineEvent.withdrawn`.
    case withdraw(InvokerSlot.ID)
    case stop(InvokerSlot.ID)

    case arm(PipelineTimer, Duration)
    case disarm(PipelineTimer)
    case report(PipelineReport)
    indirect case note(PipelineNote)
}

/// What a pipeline tells whoever made it.
package enum PipelineReport {
    case status(ConsumerStatus)
    /// Whatever was lost, the broker that answers next may be one without the queue.
    case interrupted(Interruption)
    /// The workers of the next version are there: see `ConsumerPipeline.change`.
    case candidateReady
    /// A change has come to its end.
    case changed(ChangeResult)
    /// Events go back to its queue later than it ends, because no answer came: what it was settling, or what the broker
    /// has delivered to a consumer whose end it has not confirmed. Told before `drained`.
    case abandonedDeliveries
    /// Nothing runs any more, and nothing will.
    case drained

    /// How a change ended.
    package enum ChangeResult: Sendable, Equatable {
        case switched
        /// The new version cannot run anything, for this reason; the present one goes on.
        case rejected(String)
    }
}

/// What a pipeline tells people and instruments.
enum PipelineNote {
    case interrupted(Interruption, BrokerError)
    /// What is decided about an event that did not succeed.
    case decided(Settlement, HeldDelivery)
    case refused(Delivery, reason: String)
    case acknowledgedAgain
    case paused(Duration, reason: String)
    case resumed
    case takesFewer(prefetch: Int, heldBytes: Int)
    case silentlyDead(reason: String)
    case endsWithoutAnswer(settlements: Int, consumerHasEnded: Bool)
}
