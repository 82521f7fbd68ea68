import Messaging
import Synchronization
import WarrenTesting

/// The in-memory broker with somebody who gets in between: before each call that is about queues the test may do
/// something else with the broker, or make the call fail.
final class InterferingBroker: Broker {
    enum Call: Equatable, Sendable {
        case declare([Declaration])
        case remove([Removal])
        case inspect(String)
        case inspectForCertain(String)
    }

    let broker: InMemoryBroker
    private let made = Mutex<[Call]>([])
    private let interfere: @Sendable (_ index: Int, Call, InMemoryBroker) async throws(BrokerError) -> Void

    /// - Parameter interfere: called with how many calls there were before, and the call that is to be made. What it
    ///   throws is the broker's answer, and the call is not made.
    init(
        _ broker: InMemoryBroker,
        interfere: @escaping @Sendable (Int, Call, InMemoryBroker) async throws(BrokerError) -> Void = {
            (_, _, _) async throws(BrokerError) in
        }
    ) {
        self.broker = broker
        self.interfere = interfere
    }

    /// All calls, those that failed included.
    var calls: [Call] { self.made.withLock { $0 } }

    private func note(_ call: Call) async throws(BrokerError) {
        let index = self.made.withLock { made in
            made.append(call)
            return made.count - 1
        }
        try await self.interfere(index, call, self.broker)
    }

    func declare(_ declarations: [Declaration]) async throws(BrokerError) {
        try await self.note(.declare(declarations))
        try await self.broker.declare(declarations)
    }

    func remove(_ removals: [Removal]) async throws(BrokerError) {
        try await self.note(.remove(removals))
        try await self.broker.remove(removals)
    }

    func inspect(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.note(.inspect(queue))
        return try await self.broker.inspect(queue: queue)
    }

    func inspectForCertain(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.note(.inspectForCertain(queue))
        return try await self.broker.inspectForCertain(queue: queue)
    }

    func publish(_ messages: [OutgoingMessage], completion: @escaping @Sendable ([PublishResult]) -> Void) {
        self.broker.publish(messages, completion: completion)
    }
}
