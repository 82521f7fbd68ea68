/// Whether the names that a consumer uses on the broker fit there, and belong to nobody else.
struct NameCheck {
    let names: TopologyNames

    func problems(of consumer: ConsumerManifest) -> [ManifestProblem] {
        var problems: [ManifestProblem] = []
        let queue = consumer.queueName(namespace: self.names.namespace)
        if queue.utf8.count > ManifestName.maximumQueueLength {
            problems.append(
                ManifestProblem(
                    at: consumer.locations.queue,
                    what: "the queue's name '\(queue)' has \(queue.utf8.count) characters; "
                        + "the most is \(ManifestName.maximumQueueLength)",
                    remedy: "shorten the namespace or the manifest's name, or name the queue with 'queue:'"
                )
            )
        }
        if self.names.isReserved(queue: queue) {
            problems.append(
                ManifestProblem(
                    at: consumer.locations.queue,
                    what: "the queue '\(queue)' belongs to the runtime",
                    remedy: "choose another name"
                )
            )
        }
        if self.names.isReserved(exchange: consumer.exchange) {
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
}
