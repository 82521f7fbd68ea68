import Invoking
import Manifests
import Messaging
import Topology

/// Everything that can happen to a pipeline. A closed set: `PipelineState.handle` answers each with actions.
enum PipelineEvent {
    // The broker.
    /// The queue exists from now on.
    case topologyReady
    /// The queue cannot be declared, for this reason.
    case topologyFailed(BrokerError)
    /// The answer to `PipelineAction.subscribe`, given before anything else happens.
    case subscribed(SubscriptionID)
    /// - budget: how many bytes of events may be held; nil when it is not the time to look.
    case delivered([Delivery], SubscriptionID, budget: Int?)
    case active(SubscriptionID)
    /// All tags of the subscription are void.
    case interrupted(SubscriptionID, Interruption, BrokerError)
    case ended(SubscriptionID)
    /// What the broker knows of the queue.
    case inspected(QueueInspection)
    /// A replacement has been confirmed, or will not be.
    case settled(SettlementID, SettlementResult)

    // Whoever runs the invocations.
    case invoker(InvokerSlot.ID, InvokerEvent)
    /// The answer to `PipelineAction.withdraw`: these had not begun, and will have no result.
    case withdrawn(InvokerSlot.ID, [InvocationID])
    case stopped(InvokerSlot.ID)

    // Whoever deploys.
    case change(PipelineVersion, InvokerSlot.ID)
    case cancelChange
    /// What the next version needs of the broker is there.
    case commitChange
    case drain

    case due(PipelineTimer)
}

/// What a pipeline works by: a manifest, and what it asks of the broker.
struct PipelineVersion: Equatable {
    var manifest: ConsumerManifest
    var topology: TopologyPlan.Consumer
}

extension PipelineVersion: Hashable {
    /// Versions are told apart by comparing them; few share a queue.
    func hash(into hasher: inout Hasher) { hasher.combine(self.topology.queue) }
}

/// The clocks that run for a pipeline, each at most once at a time.
enum PipelineTimer: Hashable, CaseIterable {
    /// The breaker's pause is over.
    case breaker
    /// The head of an ordered queue may be due.
    case head
    /// The prefetch that shrank because of large events may grow.
    case bytes
    /// A look at how far the drain is.
    case drain
}
