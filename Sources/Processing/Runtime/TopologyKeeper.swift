import EventLoops
import Messaging

/// Carries out what a runtime wants of the broker: one thing after the other, in the order in which they were asked
/// for, so that nothing is taken away that was declared later. Confined to one loop; the broker answers on threads of
/// its own.
final class TopologyKeeper {
    private enum Answer: Sendable {
        case declared(TopologyPart, BrokerError?)
        case inspected(TopologyPart, Result<QueueInspection?, BrokerError>)
    }

    /// Before something is tried again that is to be taken away while the broker is away.
    private static let pause = Duration.seconds(2)

    private let broker: any Broker
    private let answers: Mailbox<Answer>
    private var last: Task<Void, Never>?
    /// Called with nil when a part is there, else with why it is not.
    var declared: (TopologyPart, BrokerError?) -> Void = { _, _ in }
    /// Called with what the broker says of a queue; nil when it does not exist.
    var inspected: (TopologyPart, Result<QueueInspection?, BrokerError>) -> Void = { _, _ in }

    init(broker: any Broker, loop: EventLoop) throws(SystemError) {
        self.broker = broker
        self.answers = try Mailbox()
        self.answers.attach(to: loop) { [weak self] answers in
            for answer in answers { self?.handle(answer) }
        }
    }

    private func handle(_ answer: Answer) {
        switch answer {
        case .declared(let part, let error): self.declared(part, error)
        case .inspected(let part, let result): self.inspected(part, result)
        }
    }

    func declare(_ declarations: [Declaration], for part: TopologyPart) {
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

    /// Asks the broker for its view of a queue.
    func inspect(_ part: TopologyPart, queue: String) {
        let answers = self.answers
        self.perform { broker in
            do throws(BrokerError) {
                answers.send(.inspected(part, .success(try await broker.inspect(queue: queue))))
            } catch {
                answers.send(.inspected(part, .failure(error)))
            }
        }
    }
}
