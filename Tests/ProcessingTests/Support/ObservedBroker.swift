import Messaging
import Synchronization
import WarrenTesting

/// The in-memory broker behind a publishing connection that the test can hold up, and that keeps count.
final class ObservedBroker: Broker {
    private struct State {
        var declarations = 0
        var finishedDeclarations = 0
        var bindings: [BindingDeclaration] = []
        var nacks = 0
        var isHolding = false
        var heldResult: PublishResult?
        var held: [@Sendable () -> Void] = []
    }

    private let broker: InMemoryBroker
    private let state = Mutex(State())

    init(_ broker: InMemoryBroker) { self.broker = broker }

    /// Calls of `declare`.
    var declarations: Int { self.state.withLock { $0.declarations } }

    /// Those that have ended well.
    var finishedDeclarations: Int { self.state.withLock { $0.finishedDeclarations } }

    /// The bindings that were declared and not removed.
    var bindings: [BindingDeclaration] { self.state.withLock { $0.bindings } }

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

    /// What becomes of publishes that were held up, instead of being sent.
    var heldResult: PublishResult? {
        get { self.state.withLock { $0.heldResult } }
        set { self.state.withLock { $0.heldResult = newValue } }
    }

    func declare(_ declarations: [Declaration]) async throws(BrokerError) {
        self.state.withLock { $0.declarations += 1 }
        try await self.broker.declare(declarations)
        self.state.withLock { state in
            state.finishedDeclarations += 1
            for case .binding(let binding) in declarations where !state.bindings.contains(binding) {
                state.bindings.append(binding)
            }
        }
    }

    func remove(_ removals: [Removal]) async throws(BrokerError) {
        try await self.broker.remove(removals)
        self.state.withLock { state in
            for removal in removals {
                switch removal {
                case .binding(let binding): state.bindings.removeAll { $0 == binding }
                case .queue(let queue): state.bindings.removeAll { $0.destination == .queue(queue) }
                }
            }
        }
    }

    func inspect(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.broker.inspect(queue: queue)
    }

    func inspectForCertain(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.broker.inspectForCertain(queue: queue)
    }

    func publish(_ messages: [OutgoingMessage], completion: @escaping @Sendable ([PublishResult]) -> Void) {
        let (isNacked, isHeld) = self.state.withLock { state in
            guard !state.isHolding else {
                state.held.append { [self] in
                    if let result = self.heldResult { return completion(messages.map { _ in result }) }
                    self.broker.publish(messages, completion: completion)
                }
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
