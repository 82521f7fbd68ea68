/// The names of everything that Warren declares, derived from the host's namespace. Only this type knows them, so it
/// also decides which names a manifest may not use.
package struct TopologyNames: Sendable, Hashable {
    /// The host's namespace: hosts with the same namespace share queues, hosts with different namespaces share nothing.
    package let namespace: String
    /// Stored, because every delivery is checked against it.
    private let delayPrefix: String

    package init(namespace: String) {
        self.namespace = namespace
        self.delayPrefix = "\(namespace).delay."
    }

    /// A direct exchange that routes the dead letters of a queue to its dead-letter queue; the routing key is the
    /// queue's name.
    package var deadLetterExchange: String { "\(self.namespace).dead-letter" }
    /// The queue in which the dead letters of a queue wait for a person.
    package func deadLetterQueue(of queue: String) -> String { "\(queue)\(Self.deadLetterSuffix)" }
    package static let deadLetterSuffix = ".dead"

    /// The queue of a consumer whose manifest does not name one.
    package func queue(of name: String) -> String { "\(self.namespace).\(name)" }

    /// The queue of one of the consumers that divide the events of a manifest.
    ///
    /// - Parameter queue: what the queue of the manifest would be called if it had one consumer.
    package func queue(ofPartition partition: Int, of queue: String) -> String { "\(queue).\(partition)" }

    /// The exchange and the queue of one delay level.
    package func delayLevel(_ level: Int) -> String {
        "\(self.namespace).delay.\(level < 10 ? "0" : "")\(level)"
    }
    /// A topic exchange at the end of every delay, to which each queue is bound.
    package var delayDone: String { "\(self.namespace).delay.done" }
    /// Whether this is the exchange of a delay level, or the one at the end of a delay. A delivery names the exchange
    /// that it was published or dead-lettered to: when the last levels pass a message from exchange to exchange, that
    /// is not the exchange at the end.
    package func isDelay(exchange: String) -> Bool {
        guard exchange.hasPrefix(self.delayPrefix) else { return false }
        let level = exchange.utf8.dropFirst(self.delayPrefix.utf8.count)
        return exchange == self.delayDone || level.count == 2 && level.allSatisfy { (48...57).contains($0) }
    }

    /// The exchange and the queue for events that no other queue takes.
    package var parked: String { "\(self.namespace).parked" }

    /// The queue in which delayed messages arrive when they are due; the host publishes them from there.
    package var scheduled: String { "\(self.namespace).scheduled" }

    /// Whether a queue of this name belongs to the runtime; no manifest may consume it then.
    package func isReserved(queue: String) -> Bool {
        queue == self.parked || queue == self.scheduled || queue.hasPrefix(self.delayPrefix)
    }

    /// Whether an exchange of this name belongs to the runtime; no manifest may bind to it then.
    package func isReserved(exchange: String) -> Bool {
        exchange == self.deadLetterExchange || exchange == self.parked || exchange.hasPrefix(self.delayPrefix)
    }
}
