import Messaging
import Polling

/// Sees to it that what functions lean on exists: declares each part until the broker has taken it, once at a time
/// however often it is wanted, takes away what is wanted no more, and looks at queues. One thing after the other, in
/// the order in which they were asked for, so that nothing is taken away that was declared later. Confined to one loop;
/// the broker answers on threads of its own.
final class TopologyKeeper<Part: Hashable & Sendable> {
    private enum State {
        case underWay
        /// Something was lost meanwhile, perhaps what has been declared already.
        case underWayAndWantedAgain
        case pausing
    }

    private enum Answer: Sendable {
        case declared(Part, BrokerError?)
        /// With an error nothing is known.
        case inspected(Part, Result<QueueInspection?, BrokerError>)
    }

    private static var pause: Duration { .seconds(2) }

    private let broker: any Broker
    private let loop: EventLoop
    private let answers: Mailbox<Answer>
    private var states: [Part: State] = [:]
    private var last: Task<Void, Never>?
    /// Asked about, and not answered yet.
    private var inspecting: Set<Part> = []
    /// What a part consists of now; nil when it is not wanted any more.
    private let declarations: (Part) -> [Declaration]?
    /// Called with nil when a part is there, else with why it is not yet.
    private let declared: (Part, BrokerError?) -> Void
    /// Called with what the broker says of a queue; nil when it does not exist.
    private let inspected: (Part, QueueInspection?) -> Void

    init(
        broker: any Broker,
        loop: EventLoop,
        declarations: @escaping (Part) -> [Declaration]?,
        declared: @escaping (Part, BrokerError?) -> Void,
        inspected: @escaping (Part, QueueInspection?) -> Void
    ) throws(SystemError) {
        self.broker = broker
        self.loop = loop
        self.declarations = declarations
        self.declared = declared
        self.inspected = inspected
        self.answers = try Mailbox()
        self.answers.attach(to: loop) { [weak self] answers in
            for answer in answers { self?.handle(answer) }
        }
    }

    func declare(_ part: Part) {
        switch self.states[part] {
        case .underWay:
            self.states[part] = .underWayAndWantedAgain
        case .underWayAndWantedAgain, .pausing:
            return
        case nil:
            guard let declarations = self.declarations(part) else { return }
            self.states[part] = .underWay
            let answers = self.answers
            self.perform { broker in
                do throws(BrokerError) {
                    try await broker.declare(declarations)
                    answers.send(.declared(part, nil))
                } catch {
                    answers.send(.declared(part, error))
                }
            }
        }
    }

    /// Takes objects away. While the broker is away it is tried again, and what was asked for later waits for it.
    ///
    /// - Parameter failed: called, on any thread, when the broker refuses.
    func remove(_ removals: [Removal], failed: @escaping @Sendable (BrokerError) -> Void) {
        self.perform { broker in
            while true {
                do throws(BrokerError) {
                    return try await broker.remove(removals)
                } catch {
                    guard error.kind == .unreachable else { return failed(error) }
                    try? await Task.sleep(for: Self.pause)
                }
            }
        }
    }

    /// Does something with the broker when all that was asked for before is done.
    func perform(_ body: @escaping @Sendable (any Broker) async -> Void) {
        let broker = self.broker
        let previous = self.last
        // Unstructured, because the loop's thread has no task to be a child of; it ends with its body.
        self.last = Task {
            await previous?.value
            await body(broker)
        }
    }

    /// Asks the broker for its view of a queue, once at a time. Nothing is reported when it cannot be asked.
    func inspect(_ part: Part, queue: String) {
        guard self.inspecting.insert(part).inserted else { return }
        let answers = self.answers
        self.perform { broker in
            do throws(BrokerError) {
                answers.send(.inspected(part, .success(try await broker.inspect(queue: queue))))
            } catch {
                answers.send(.inspected(part, .failure(error)))
            }
        }
    }

    private func handle(_ answer: Answer) {
        switch answer {
        case .inspected(let part, let result):
            self.inspecting.remove(part)
            if case .success(let inspection) = result { self.inspected(part, inspection) }
        case .declared(let part, let error):
            // What was declared meanwhile may not be what is wanted now: neither good nor bad news of it counts.
            if case .underWayAndWantedAgain = self.states.removeValue(forKey: part) { return self.declare(part) }
            self.declared(part, error)
            if error != nil {
                self.states[part] = .pausing
                self.loop.schedule(after: Self.pause) { [weak self] in
                    self?.states[part] = nil
                    self?.declare(part)
                }
            }
        }
    }
}
