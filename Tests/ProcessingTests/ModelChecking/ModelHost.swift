import Invoking
import Messaging

@testable import Processing

/// A host with a pipeline for each queue, and what is between it and the broker.
struct ModelHost<Policy: PipelinePolicy>: Hashable {
    /// A run at an invoker.
    struct Run: Hashable {
        let id: InvocationID
        let slot: InvokerSlot.ID
        let queue: Int
        let event: ModelEvent
        /// The message that brought the event.
        let number: Int
        var hasBegun: Bool
    }

    /// Something that is to take the place of a message, on its way.
    struct Publish: Hashable {
        enum Content: Hashable {
            case emitted(ModelEvent)
            case retry(ModelMessage)
            case deadLetter(ModelMessage)
        }

        let queue: Int
        let settlement: SettlementID
        /// The message whose place is taken.
        let number: Int
        let content: Content
        /// The broker has it, and its confirmation is on its way.
        var hasArrived = false
    }

    struct Timer: Hashable {
        let queue: Int
        let timer: PipelineTimer
    }

    var life = 0
    var isConnected = true
    /// Tags are worth something in the connection that they came by.
    var generation: UInt32 = 1
    var pipelines: [PipelineState<Policy>] = []
    /// The invokers, by queue, that have been started and are not ready.
    var starting: [Set<InvokerSlot.ID>] = [[], []]
    var slots = 1
    var consumers: [ModelConsumer] = []
    var subscriptions = 0
    var runs: [Run] = []
    var publishes: [Publish] = []
    var timers: [Timer: Duration] = [:]
    var drained: Set<Int> = []

    var isDraining: Bool { self.pipelines.contains(where: \.isDraining) }
    var isOver: Bool { self.drained.count == self.pipelines.count }
}
