import Logging
import Manifests
import Messaging
import Topology

/// What becomes of the queues of a consumer whose manifest is gone, or names another queue: they stay, with what is in
/// them, and the operator is told; with `onRemove: delete` they go if nothing is in them.
///
/// The broker deletes a queue with all that it holds, and does not tell how many deliveries of it are unacknowledged. So
/// a queue goes in two steps:
/// 1. `look`: it is empty, and no host consumes it. Another host may have ended its consumer just before, and still run
///    what it got. So the second step comes when such runs have ended, too, see `RuntimeState.beginRemoval`.
/// 2. `delete`: it is empty and without consumer still. It is unbound and looked at once more, so that no event can come
///    between the look and the end; when one has, the bindings are restored and the queue stays. Retries that are still
///    in a delay then end in the parked queue.
///
/// Deleting only when empty is not left to the broker: quorum queues refuse `if-empty` and `if-unused`
/// (https://www.rabbitmq.com/docs/quorum-queues#feature-matrix). So each look is one that the queue itself has
/// answered: one that does not answer, or has lost its leader, stays with all that is in it.
struct QueueRemoval: Sendable {
    let queue: String
    private let kind: ManifestKind
    private let label: String
    /// What is still bound to the queue.
    private let bindings: [BindingDeclaration]
    private let deadLetters: String
    private let policy: RemovalPolicy
    private let hasMoved: Bool

    /// - Parameter hasMoved: the manifest goes on with another queue, and this one has been unbound from its events.
    init(_ topology: TopologyPlan.Consumer, names: TopologyNames, policy: RemovalPolicy, hasMoved: Bool) {
        self.queue = topology.queue
        self.kind = topology.kind
        self.label = ConsumerManifest.label(topology.name, partition: topology.partition)
        self.bindings = topology.bindings.filter { !hasMoved || $0.source == names.delayDone }
        self.deadLetters = names.deadLetterQueue(of: topology.queue)
        self.policy = policy
        self.hasMoved = hasMoved
    }

    /// Looks at the queue, and tells the operator what becomes of it.
    ///
    /// - Parameter delay: until the second step.
    /// - Returns: whether there is a second step.
    func look(_ broker: any Broker, delay: Duration, _ logger: Logger) async -> Bool {
        let logger = self.naming(logger)
        do throws(BrokerError) {
            switch self.policy {
            case .keep:
                let waiting = try await broker.inspect(queue: self.queue)?.readyMessages ?? 0
                let future =
                    self.hasMoved ? "its events wait until somebody consumes or deletes it" : "it goes on taking events"
                logger.notice("\(self.what) and its queue stays: \(future)", metadata: ["waiting": "\(waiting)"])
                return false
            case .delete:
                guard try await self.isUnused(self.queue, broker) else {
                    self.tellThatItStays(logger)
                    return false
                }
                logger.notice(
                    "\(self.what), and its queue goes when no host can still be running an event of it",
                    metadata: ["in": "\(delay.words)"]
                )
                return true
            }
        } catch {
            self.tell(error, logger)
            return false
        }
    }

    /// Deletes the queue, and that of its dead letters if no dead letter waits there for a person.
    func delete(_ broker: any Broker, _ logger: Logger) async {
        let logger = self.naming(logger)
        do throws(BrokerError) {
            if try await self.deleteIfUnused(broker) {
                logger.notice("\(self.what), and its queue is gone")
            } else {
                self.tellThatItStays(logger)
            }
        } catch {
            self.tell(error, logger)
        }
    }

    /// The host ends before the second step.
    func tellThatItIsLeft(_ logger: Logger) {
        self.naming(logger).notice("\(self.what) and its queue stays, because the host ends before it may be deleted")
    }

    private func deleteIfUnused(_ broker: any Broker) async throws(BrokerError) -> Bool {
        guard try await self.isUnused(self.queue, broker) else { return false }
        try await broker.remove(self.bindings.map(Removal.binding))
        guard try await self.isUnused(self.queue, broker) else {
            try await broker.declare(self.bindings.map(Declaration.binding))
            return false
        }
        try await broker.remove([.queue(self.queue)])
        if try await self.isUnused(self.deadLetters, broker) { try await broker.remove([.queue(self.deadLetters)]) }
        return true
    }

    private func isUnused(_ queue: String, _ broker: any Broker) async throws(BrokerError) -> Bool {
        guard let inspection = try await broker.inspectForCertain(queue: queue) else { return true }
        return inspection.readyMessages == 0 && inspection.consumers == 0
    }

    // MARK: - What people are told

    private var what: String {
        self.hasMoved ? "the \(self.kind.word) has moved to another queue" : "the \(self.kind.word) is gone"
    }

    private func naming(_ logger: Logger) -> Logger {
        var logger = logger
        logger[metadataKey: self.kind.word] = "\(self.label)"
        logger[metadataKey: "queue"] = "\(self.queue)"
        return logger
    }

    private func tellThatItStays(_ logger: Logger) {
        logger.warning("\(self.what) and its queue stays, because it is not empty or another host consumes it")
    }

    private func tell(_ error: BrokerError, _ logger: Logger) {
        logger.warning("\(self.what), and what becomes of its queue is open", metadata: ["reason": "\(error)"])
    }
}
