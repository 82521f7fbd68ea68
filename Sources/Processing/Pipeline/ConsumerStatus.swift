/// What an operator is told about one function or webhook.
package enum ConsumerStatus: Sendable, Hashable {
    /// Topology or workers are not there yet for the first time.
    case starting
    /// Events are delivered and run.
    case running
    /// The function fails throughout: events wait in the queue, and one at a time is tried, ever more rarely, until one
    /// succeeds.
    case degraded(reason: String)
    /// The endpoint of a webhook has asked for a pause, or says that it is gone: events wait in the queue unharmed.
    case paused(reason: String)
    /// The connection to the broker is lost, for every consumer of the host. Events wait in their queues; the runtime
    /// goes on connecting.
    case disconnected
    /// Events wait in the queue unharmed, for the reason given; the runtime goes on trying.
    case unhealthy(reason: String)
    /// Intake has stopped; what runs is let run.
    case draining
    case stopped
}
