import Manifests

/// Consumers that each are to take the queue of the next one, which itself waits for another queue, and so on in a
/// ring, as when two manifests swap their queues.
///
/// None of them can go first. A queue is given up when it is unbound and empty; until then a queue must be there that
/// takes the events of its consumer from then on. So one of them has to move to a new queue first, and a deployment
/// that asks for such a ring is refused.
struct QueueStandoff {
    private let running: Set<ConsumerKey>
    private let wanted: WantedManifests

    /// - Parameter running: those that drain included.
    init(running: Set<ConsumerKey>, wanted: WantedManifests) {
        self.running = running
        self.wanted = wanted
    }

    /// Those that wait for themselves in the end, sorted.
    var members: [ConsumerKey] { self.running.filter { self.reaches($0, from: $0) }.sorted() }

    /// Those that must have given up their queues before a consumer can give up its own.
    private func obstacles(to key: ConsumerKey) -> [ConsumerKey] {
        guard self.wanted.consumers[key] == nil else { return [] }
        let queues = Set(self.wanted.successors(of: key).filter { !self.running.contains($0) }.map(\.queue))
        return self.running.filter { queues.contains($0.queue) && self.wanted.consumers[$0] == nil }
    }

    private func reaches(_ target: ConsumerKey, from start: ConsumerKey) -> Bool {
        var seen: Set<ConsumerKey> = []
        var next = self.obstacles(to: start)
        while let key = next.popLast() {
            if key == target { return true }
            if seen.insert(key).inserted { next += self.obstacles(to: key) }
        }
        return false
    }
}
