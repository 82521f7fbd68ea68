import Logging
import Manifests
import Messaging
import Topology

/// What becomes of the queues of a function whose manifest is gone, or names another queue: they stay, with what is in
/// them, and the operator is told; with `onRemove: delete` they go if they are empty.
///
/// A queue is unbound before it is deleted and looked at once more, so that no event can come between the look and the
/// end; when one has, the bindings are restored and the queue stays. Retries that are still in a delay then end in the
/// parked queue. Deleting only when empty is not left to the broker: quorum queues refuse `if-empty` and `if-unused`
/// (https://www.rabbitmq.com/docs/quorum-queues#feature-matrix). So each look is one that the queue itself has
/// answered: one that does not answer, or has lost its leader, stays with all that is in it. What another host still
/// runs keeps the queue, too: a consumer that has ended counts as one as long as it holds deliveries.
struct QueueRemoval: Sendable {
    /// At a queue that only seems to be consumed by another host.
    static let looks = 10
    private static let pause = Duration.milliseconds(100)

    private let word: String
    private let queue: String
    /// What is still bound to the queue.
    private let bindings: [BindingDeclaration]
    private let deadLetters: String
    private let policy: RemovalPolicy
    private let hasMoved: Bool

    /// - Parameter hasMoved: the function goes on with another queue, and this one has been unbound from its events.
    init(_ topology: TopologyPlan.Consumer, names: TopologyNames, policy: RemovalPolicy, hasMoved: Bool) {
        self.word = topology.kind.word
        self.queue = topology.queue
        let unbound = hasMoved ? topology.eventBindings : []
        self.bindings = topology.bindings.filter { !unbound.contains($0) }
        self.deadLetters = names.deadLetterQueue(of: topology.queue)
        self.policy = policy
        self.hasMoved = hasMoved
    }

    func carryOut(_ broker: any Broker, _ logger: Logger) async {
        let queue: Logger.Metadata = ["queue": "\(self.queue)"]
        let what = self.hasMoved ? "the \(self.word) has moved to another queue" : "the \(self.word) is gone"
        do throws(BrokerError) {
            let inspection = try await broker.inspect(queue: self.queue)
            let waiting = inspection?.readyMessages ?? 0
            guard self.policy == .delete else {
                let future =
                    self.hasMoved ? "its events wait until somebody consumes or deletes it" : "it goes on taking events"
                logger.notice(
                    "\(what) and its queue stays: \(future)",
                    metadata: queue.merging(["waiting": "\(waiting)"]) { $1 }
                )
                return
            }
            if try await self.delete(broker) {
                logger.notice("\(what), and its queue is gone", metadata: queue)
            } else {
                logger.warning(
                    "\(what) and its queue stays, because it is not empty or another host consumes it",
                    metadata: queue
                )
            }
        } catch {
            logger.warning(
                "\(what), and what becomes of its queue is open",
                metadata: queue.merging(["reason": "\(error)"]) { $1 }
            )
        }
    }

    private func delete(_ broker: any Broker) async throws(BrokerError) -> Bool {
        guard try await self.becomesUnused(broker) else { return false }
        try await broker.remove(self.bindings.map(Removal.binding))
        guard try await self.isUnused(self.queue, broker) else {
            try await broker.declare(self.bindings.map(Declaration.binding))
            return false
        }
        try await broker.remove([.queue(self.queue)])
        // Dead letters wait for a person: only an empty queue of them goes, too.
        if try await self.isUnused(self.deadLetters, broker) { try await broker.remove([.queue(self.deadLetters)]) }
        return true
    }

    /// Looks a few times at a queue that is empty and has a consumer: this host's own counts until the broker has
    /// passed its last settlements on to the queue.
    private func becomesUnused(_ broker: any Broker) async throws(BrokerError) -> Bool {
        for _ in 1..<Self.looks {
            guard let inspection = try await broker.inspectForCertain(queue: self.queue) else { return true }
            guard inspection.readyMessages == 0, inspection.consumers > 0 else { return inspection.readyMessages == 0 }
            try? await Task.sleep(for: Self.pause)
        }
        return try await self.isUnused(self.queue, broker)
    }

    private func isUnused(_ queue: String, _ broker: any Broker) async throws(BrokerError) -> Bool {
        guard let inspection = try await broker.inspectForCertain(queue: queue) else { return true }
        return inspection.readyMessages == 0 && inspection.consumers == 0
    }
}
