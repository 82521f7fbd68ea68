/// What the manifests ask for at one moment: the manifests by their names, and the consumers of all of them.
struct WantedManifests: Sendable {
    private(set) var manifests: [String: ResolvedManifest] = [:]
    private(set) var consumers: [ConsumerKey: ResolvedConsumer] = [:]

    /// - Parameter manifests: no two of them have a name or a queue in common.
    init(_ manifests: some Sequence<ResolvedManifest>, namespace: String) {
        for manifest in manifests {
            self.manifests[manifest.name] = manifest
            for consumer in manifest.consumers { self.consumers[consumer.key(namespace: namespace)] = consumer }
        }
    }

    init() {}

    /// The consumers on other queues that take over from one that goes: those of its manifest with the same partition,
    /// else all of its manifest, which is then divided in another way. Empty when its manifest is gone or has no
    /// consumers any more, and when its manifest still wants its queue: nothing that the queue holds is left behind
    /// then.
    func successors(of key: ConsumerKey) -> [ConsumerKey] {
        let sameName = self.consumers.keys.filter { $0.name == key.name }
        if sameName.contains(where: { $0.queue == key.queue }) { return [] }
        let samePartition = sameName.filter { $0.partition == key.partition }
        return (samePartition.isEmpty ? sameName : samePartition).sorted()
    }

    /// Those that are to consume a queue; no more than one, in fact.
    func consumers(of queue: String) -> [ConsumerKey] { self.consumers.keys.filter { $0.queue == queue }.sorted() }
}
