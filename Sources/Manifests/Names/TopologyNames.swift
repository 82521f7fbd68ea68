/// The names of everything that Warren declares, derived from the host's namespace. The one place that knows them: what
/// a manifest may not use is asked here, too.
package struct TopologyNames: Sendable, Hashable {
    /// The host's namespace: hosts with the same one share queues, hosts with different ones never meet.
    package let namespace: String
    /// Kept, because it is looked for in every delivery.
    private let delayPrefix: String

    package init(namespace: String) {
        self.namespace = namespace
        self.delayPrefix = "\(namespace).delay."
    }

    /// Direct exchange: a dead letter of a queue goes to the queue's dead-letter queue by the queue's name.
    package var deadLetterExchange: String { "\(self.namespace).dead-letter" }
    /// Where the dead letters of a queue wait for a person.
    package func deadLetterQueue(of queue: String) -> String { "\(queue)\(Self.deadLetterSuffix)" }
    package static let deadLetterSuffix = ".dead"

    /// The queue of a consumer whose manifest names none.
    package func queue(of name: String) -> String { "\(self.namespace).\(name)" }

    /// The queue of one of the consumers that divide the events of a manifest.
    ///
    /// - Parameter queue: what the queue of the manifest would be called if it had one consumer.
    package func queue(ofPartition partition: Int, of queue: String) -> String { "\(queue).\(partition)" }

    /// Exchange and queue of one delay level.
    package func delayLevel(_ level: Int) -> String {
        "\(self.namespace).delay.\(level < 10 ? "0" : "")\(level)"
    }
    /// Topic exchange at the end of every delay: each queue is bound to it.
    package var delayDone: String { "\(self.namespace).delay.done" }
    /// Whether it is the exchange of a delay level, or the one at the end. A delivery names the exchange that it was
    /// published or dead-lettered to: when the last levels let a message pass from exchange to exchange, that is not
    /// the one at the end.
    package func isDelay(exchange: String) -> Bool {
        guard exchange.hasPrefix(self.delayPrefix) else { return false }
        let level = exchange.utf8.dropFirst(self.delayPrefix.utf8.count)
        return exchange == self.delayDone || level.count == 2 && level.allSatisfy { (48...57).contains($0) }
    }

    /// Exchange and queue for events that nothing takes.
    package var parked: String { "\(self.namespace).parked" }

    /// The queue in which delayed publishes arrive when they are due; the host publishes them from there.
    package var scheduled: String { "\(self.namespace).scheduled" }

    /// Whether a queue of this name belongs to the runtime, so that no manifest may consume it.
    package func isReserved(queue: String) -> Bool {
        queue == self.parked || queue == self.scheduled || queue.hasPrefix(self.delayPrefix)
    }

    /// Whether an exchange of this name belongs to the runtime, so that no manifest may bind to it.
    package func isReserved(exchange: String) -> Bool {
        exchange == self.deadLetterExchange || exchange == self.parked || exchange.hasPrefix(self.delayPrefix)
    }
}
