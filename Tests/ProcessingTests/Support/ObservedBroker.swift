import Messaging
import Synchronization
import WarrenTesting

/// The in-memory broker behind a publishing connection that the test can hold up, and that keeps count.
final class ObservedBroker: Broker {
    private struct State {
        var declarations = 0
        var finishedDeclarations = 0
        var nacks = 0
        var isHolding = false
        var held: [@Sendable () -> Void] = []
    }

    private let broker: InMemoryBroker
    private let state = Mutex(State())

    init(_ broker: InMemoryBroker) { self.broker = broker }

    /// Calls of `declare`.
    var declarations: Int { self.state.withLock { $0.declarations } }

    /// Those that have ended well.
    var finishedDeclarations: Int { self.state.withLock { $0.finishedDeclarations } }

    /// So many publishes are not taken.
    var nacks: Int {
        get { self.state.withLock { $0.nacks } }
        set { self.state.withLock { $0.nacks = newValue } }
    }

    /// Publishes wait as long as it is set, as they do when the broker is short of memory.
    var isHolding: Bool {
        get { self.state.withLock { $0.isHolding } }
        set {
            let released = self.state.withLock { state in
                state.isHolding = newValue
                guard !newValue else { return [@Sendable () -> Void]() }
                defer { state.held = [] }
                return state.held
            }
            for publish in released { publish() }
        }
    }

    func declare(_ declarations: [Declaration]) async throws(BrokerError) {
        self.state.withLock { $0.declarations += 1 }
        try await self.broker.declare(declarations)
        self.state.withLock { $0.finishedDeclarations += 1 }
    }

    func remove(_ removals: [Removal]) async throws(BrokerError) { try await self.broker.remove(removals) }

    func inspect(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.broker.inspect(queue: queue)
    }

    func publish(_ messages: [OutgoingMessage], completion: @escaping @Sendable ([PublishResult]) -> Void) {
        let (isNacked, isHeld) = self.state.withLock { state in
            guard !state.isHolding else {
                let broker = self.broker
                state.held.append { broker.publish(messages, completion: completion) }
                return (false, true)
            }
            guard state.nacks > 0 else { return (false, false) }
            state.nacks -= 1
            return (true, false)
        }
        if isHeld { return }
        if isNacked { return completion(messages.map { _ in .nacked }) }
        self.broker.publish(messages, completion: completion)
    }
}
