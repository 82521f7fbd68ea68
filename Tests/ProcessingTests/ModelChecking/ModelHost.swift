import Invoking
import Messaging

@testable import Processing

/// A host with a function for each queue, and what is between it and the broker.
struct ModelHost<Policy: PipelinePolicy>: Hashable {
    var life = 0
    var isConnected = true
    /// Tags are worth something in the connection that they came by.
    var generation: UInt32 = 1
    /// The host drains.
    var isGoingDown = false
    /// By queue.
    var functions: [Shared<ModelFunction<Policy>>] = []
    var subscriptions = 0

    var isOver: Bool { self.isGoingDown && self.functions.allSatisfy { $0.value.standing == .gone } }
}

/// A function on a host: its pipeline, its invokers, and what is on its way.
struct ModelFunction<Policy: PipelinePolicy>: Hashable {
    /// A run at an invoker.
    struct Run: Hashable {
        let id: InvocationID
        let slot: InvokerSlot.ID
        let event: ModelEvent
        /// The message that brought the event.
        let number: Int
        var hasBegun: Bool
        /// It shows whether a function that was paused is well.
        let isProbe: Bool
    }

    /// Something that is to take the place of a message, on its way.
    struct Publish: Hashable {
        struct ID: Hashable {
            /// The life of the function that waits for its confirmation.
            let owner: Int
            let settlement: SettlementID
        }

        enum Content: Hashable {
            case emitted(ModelEvent)
            case retry(ModelMessage)
            case deadLetter(ModelMessage)
        }

        let id: ID
        /// The message whose place is taken.
        let number: Int
        var content: Content
        /// The broker has it, and its confirmation is on its way.
        var hasArrived = false
    }

    enum Timer: Hashable {
        case pipeline(PipelineTimer)
        /// The endpoint may be asked again.
        case pause(InvokerSlot.ID)
    }

    enum Standing: Hashable {
        case present
        /// Its manifest is gone, or its host goes down: it drains.
        case leaving
        case gone
    }

    /// Apart from the rest, which changes more often.
    private var sharedPipeline: Shared<PipelineState<Policy>>
    /// How often it has been brought back to its host.
    let life: Int
    var standing = Standing.present
    /// Its manifest is there.
    var isWanted = true
    /// What becomes of its queue has been decided.
    var hasLeftQueue = false
    /// Something goes back to its queue that no look may see yet.
    var mustKeepQueue = false

    /// Invokers that have been started and are not ready.
    var starting: Set<InvokerSlot.ID> = []
    /// Invokers that have asked for a pause.
    var paused: Set<InvokerSlot.ID> = []
    var slots = 1
    var consumers: [ModelConsumer] = []
    var runs: [Run] = []
    var publishes: [Publish] = []
    var timers: [Timer: Duration] = [:]
    /// When the events end that have begun to run here, by message.
    var ends: [Int: Duration] = [:]

    init(_ pipeline: PipelineState<Policy>, life: Int) {
        self.sharedPipeline = Shared(pipeline)
        self.life = life
    }

    var pipeline: PipelineState<Policy> {
        _read { yield self.sharedPipeline.value }
        _modify { yield &self.sharedPipeline.value }
    }

    func consumer(_ subscription: SubscriptionID) -> Int? {
        self.consumers.firstIndex { $0.id.subscription == subscription }
    }

    func run(_ id: InvocationID) -> Int? { self.runs.firstIndex { $0.id == id } }
    func publish(_ id: Publish.ID) -> Int? { self.publishes.firstIndex { $0.id == id } }

    /// What its pipeline waits for a confirmation of.
    func publishID(_ settlement: SettlementID) -> Publish.ID { .init(owner: self.life, settlement: settlement) }

    /// Takes back what an invoker has not begun, or all that it has.
    mutating func takeRuns(of slot: InvokerSlot.ID, begunToo: Bool) -> [InvocationID] {
        let taken = self.runs.filter { $0.slot == slot && (begunToo || !$0.hasBegun) }.map(\.id)
        self.runs.removeAll { taken.contains($0.id) }
        return taken
    }
}
