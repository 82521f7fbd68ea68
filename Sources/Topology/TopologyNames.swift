/// The names of everything that Warren declares, derived from the host's namespace.
package struct TopologyNames: Sendable, Hashable {
    /// The host's namespace: hosts with the same one share queues, hosts with different ones never meet.
    package let namespace: String

    package init(namespace: String) { self.namespace = namespace }

    /// Direct exchange: a dead letter of a queue goes to the queue's dead-letter queue by the queue's name.
    package var deadLetterExchange: String { "\(self.namespace).dead-letter" }
    /// Where the dead letters of a queue wait for a person.
    package func deadLetterQueue(of queue: String) -> String { "\(queue).dead" }

    /// Exchange and queue of one delay level.
    package func delayLevel(_ level: Int) -> String {
        "\(self.namespace).delay.\(level < 10 ? "0" : "")\(level)"
    }
    /// Topic exchange at the end of every delay: each queue is bound to it.
    package var delayDone: String { "\(self.namespace).delay.done" }

    /// Exchange and queue for events that nothing takes.
    package var parked: String { "\(self.namespace).parked" }

    /// The queue in which delayed publishes arrive when they are due; the host publishes them from there.
    package var scheduled: String { "\(self.namespace).scheduled" }
}
