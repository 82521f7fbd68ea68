/// The names on the broker that belong to the runtime, and the space that is left for a queue's name.
struct BrokerNames {
    /// What the name of a queue's dead-letter queue ends in.
    static let deadSuffix = ".dead"

    let namespace: String

    func problems(of consumer: ConsumerManifest) -> [ManifestProblem] {
        var problems: [ManifestProblem] = []
        let queue = consumer.queueName(namespace: self.namespace)
        if queue.utf8.count > ManifestName.maximumQueueLength {
            problems.append(
                ManifestProblem(
                    at: consumer.locations.queue,
                    what: "the queue's name '\(queue)' has \(queue.utf8.count) characters, "
                        + "and \(ManifestName.maximumQueueLength) fit",
                    remedy: "shorten the namespace or the manifest's name, or name the queue with 'queue:'"
                )
            )
        }
        if self.isReservedQueue(queue) {
            problems.append(
                ManifestProblem(
                    at: consumer.locations.queue,
                    what: "the queue '\(queue)' belongs to the runtime",
                    remedy: "choose another name"
                )
            )
        }
        if self.isReservedExchange(consumer.exchange) {
            problems.append(
                ManifestProblem(
                    at: consumer.locations.exchange,
                    what: "the exchange '\(consumer.exchange)' belongs to the runtime",
                    remedy: "choose another name"
                )
            )
        }
        return problems
    }

    private func isReservedQueue(_ name: String) -> Bool {
        name == "\(self.namespace).parked" || name == "\(self.namespace).scheduled"
            || name.hasPrefix("\(self.namespace).delay.")
    }

    private func isReservedExchange(_ name: String) -> Bool {
        name == "\(self.namespace).dead-letter" || name == "\(self.namespace).parked"
            || name.hasPrefix("\(self.namespace).delay.")
    }
}
