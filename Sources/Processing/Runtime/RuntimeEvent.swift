import Deployments
import Messaging
import Topology

/// What is declared together.
enum TopologyPart: Hashable, Sendable {
    case shared
    /// What failed events pass on their way back.
    case waysBack
    case delayLevel(Int)
    case consumer(ConsumerKey)
    /// What the next version of a consumer needs.
    case change(ConsumerKey, revision: Int)
}

/// Everything that can happen to a runtime. A closed set: `RuntimeState.handle` answers each with actions.
enum RuntimeEvent {
    case start(Deployment)
    /// The directories say something else. The parameters are those of `ReloadState.apply`.
    case apply(Deployment, settled: Bool, retryingRejected: Bool)
    case drain

    // The broker.
    case declared(TopologyPart, BrokerError?)
    /// What the broker says of a queue: nil when it does not exist. With an error nothing is known.
    case inspected(TopologyPart, Result<QueueInspection?, BrokerError>, PipelineFacts?)

    // Pipelines, and the relay.
    case interrupted(ConsumerKey)
    case candidateReady(ConsumerKey)
    case changed(ConsumerKey, PipelineReport.ChangeResult)
    /// The consumer seemed dead at the last look.
    case suspected(ConsumerKey)
    /// Events of it went back to its queue a moment ago, or will in a moment.
    case abandonedDeliveries(ConsumerKey)
    case ended(ConsumerKey)
    case relayEnded
    case relayInterrupted

    case due(RuntimeTimer)
}

/// What a runtime wants to know of a pipeline when it has looked at its queue.
struct PipelineFacts: Equatable {
    let hasWorkers: Bool
    /// The broker delivers to it, as far as this host knows.
    let isConsuming: Bool
    /// Of what has been delivered nothing is left to do.
    let hasNothingToDo: Bool
}

enum RuntimeTimer: Hashable {
    /// A look at all queues.
    case watch
    /// A look at what failed events pass on their way back.
    case waysBack
    /// The second look at a consumer that seems dead.
    case secondLook(ConsumerKey)
    /// A look at how far a move is.
    case move(ConsumerKey)
    /// Something that the broker did not take is declared again.
    case declare(TopologyPart)
    /// The relay is not waited for any longer.
    case abandonRelay
}

/// What a runtime wants done. A closed set: its driver, `ConsumerRuntime`, carries out each in the order in which they
/// come.
///
/// There are several for each function when a host starts, and the driver keeps the room: what is large is in a box.
enum RuntimeAction {
    // Pipelines.
    indirect case add(ConsumerKey, ResolvedConsumer, TopologyPlan.Consumer)
    indirect case change(ConsumerKey, ResolvedConsumer, TopologyPlan.Consumer)
    case cancelChange(ConsumerKey)
    case commitChange(ConsumerKey)
    case topologyIsReady(ConsumerKey)
    case topologyFailed(ConsumerKey, BrokerError)
    case observe(ConsumerKey, QueueInspection)
    case reconsider(ConsumerKey)
    case drain(ConsumerKey)
    case forget(ConsumerKey)

    // The broker.
    case declare(TopologyPart)
    case inspect(TopologyPart, queue: String)
    case remove([Removal], ConsumerKey)
    indirect case removeQueue(QueueRemoval, ConsumerKey)

    case startRelay
    case drainRelay
    case abandonRelay
    case drainSettler
    case closeIntake

    case arm(RuntimeTimer, Duration)
    indirect case note(RuntimeNote)
}

/// What a runtime tells people.
enum RuntimeNote {
    case reload(ReloadReport)
    case switching(ConsumerKey)
    case switched(ConsumerKey)
    /// A consumer begins to give its place to those of other queues.
    case moving(ConsumerKey, to: [String])
    /// The host ends before the queue that a consumer leaves is empty.
    case moveIsUnfinished(ConsumerKey, isUnbound: Bool)
    case cannotDeclareShared(BrokerError)
    case cannotDeclareWaysBack(BrokerError)
    /// A new version is ready, but not what it needs of the broker.
    case cannotDeclareChange(ConsumerKey, BrokerError)
}
