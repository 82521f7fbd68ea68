package import EventLoops
package import Logging
package import Messaging
import Synchronization

/// RabbitMQ through librabbitmq. Publishing and topology changes each have a thread and connections of their own.
/// Consuming is `AMQPIntake`, on the thread of its owner's loop.
package final class AMQPBroker: Broker {
    private enum PublishCommand: Sendable {
        case publish(PublishRequest)
        case close(within: Duration, completion: @Sendable () -> Void)
    }

    package let addresses: AMQPAddresses
    private let publishing: Mailbox<PublishCommand>
    private let topology: Mailbox<TopologyRequest>

    /// Starts both threads, which then connect. The first `declare` reports a broker that cannot be reached.
    ///
    /// - Parameters:
    ///   - name: the name under which the broker's operator sees the connections.
    ///   - giveUpAfter: how long a broker that has been reached may answer nothing before waiting messages are refused.
    ///     A broker that cannot be reached at first is given up at once. `nil`: the broker is never given up.
    package init(
        addresses: AMQPAddresses,
        name: String,
        giveUpAfter: Duration? = nil,
        logger: Logger
    ) throws(SystemError) {
        self.addresses = addresses
        let publishing = try Mailbox<PublishCommand>()
        let topology = try Mailbox<TopologyRequest>()
        self.publishing = publishing
        self.topology = topology
        try LoopThread.start(named: "amqp-publish") {
            Self.runPublishing(publishing, addresses, name, giveUpAfter, logger)
        }
        try LoopThread.start(named: "amqp-topology") { Self.runTopology(topology, addresses, name) }
    }

    /// Uses a broker that has one address.
    package convenience init(
        address: AMQPAddress,
        name: String,
        giveUpAfter: Duration? = nil,
        logger: Logger
    ) throws(SystemError) {
        try self.init(addresses: AMQPAddresses(address), name: name, giveUpAfter: giveUpAfter, logger: logger)
    }

    private static func runPublishing(
        _ mailbox: Mailbox<PublishCommand>,
        _ addresses: AMQPAddresses,
        _ name: String,
        _ giveUpAfter: Duration?,
        _ logger: Logger
    ) {
        do throws(SystemError) {
            let loop = try EventLoop()
            let publisher = try Publisher(
                addresses: addresses,
                name: name,
                giveUpAfter: giveUpAfter,
                loop: loop,
                logger: logger
            )
            mailbox.attach(to: loop) { commands in
                for command in commands {
                    switch command {
                    case .publish(let request):
                        publisher.publish(request)
                    case .close(let limit, let completion):
                        publisher.close(within: limit) {
                            loop.stop()
                            completion()
                        }
                    }
                }
            }
            loop.run()
        } catch {
            logger.error("cannot publish", metadata: ["reason": "\(error)"])
        }
        for command in mailbox.close() {
            switch command {
            case .publish(let request): request.completion(request.messages.map { _ in .abandoned })
            case .close(_, let completion): completion()
            }
        }
    }

    private static func runTopology(
        _ mailbox: Mailbox<TopologyRequest>,
        _ addresses: AMQPAddresses,
        _ name: String
    ) {
        if let loop = try? EventLoop() {
            let connection = TopologyConnection(addresses: addresses, name: "\(name) topology", loop: loop)
            mailbox.attach(to: loop) { requests in
                if connection.handle(requests) { loop.stop() }
            }
            loop.run()
        }
        for request in mailbox.close() { request.completion(.failure(.closedHere)) }
    }

    package func declare(_ declarations: [Declaration]) async throws(BrokerError) {
        _ = try await self.perform(.declare(declarations))
    }

    package func remove(_ removals: [Removal]) async throws(BrokerError) {
        _ = try await self.perform(.remove(removals))
    }

    package func inspect(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.perform(.inspect(queue: queue))
    }

    package func inspectForCertain(queue: String) async throws(BrokerError) -> QueueInspection? {
        try await self.perform(.inspectForCertain(queue: queue))
    }

    private func perform(_ operation: TopologyRequest.Operation) async throws(BrokerError) -> QueueInspection? {
        let result = await withCheckedContinuation { continuation in
            let request = TopologyRequest(operation: operation) { continuation.resume(returning: $0) }
            if !self.topology.send(request) { continuation.resume(returning: .failure(.closedHere)) }
        }
        return try result.get()
    }

    package func publish(
        _ messages: [OutgoingMessage],
        completion: @escaping @Sendable ([PublishResult]) -> Void
    ) {
        let request = PublishRequest(messages: messages, completion: completion)
        if !self.publishing.send(.publish(request)) { completion(messages.map { _ in .abandoned }) }
    }

    /// Waits for unanswered publishes, at most for the given time, and closes the connections. A thread may be blocked
    /// in a call of librabbitmq; `close` waits only a moment longer for it.
    package func close(within limit: Duration = .seconds(5)) async {
        await self.wait(atMost: limit + Self.closingTime) { done in
            if !self.publishing.send(.close(within: limit, completion: done)) { done() }
        }
        await self.wait(atMost: Self.closingTime) { done in
            let request = TopologyRequest(operation: .close) { _ in done() }
            if !self.topology.send(request) { done() }
        }
    }

    private static let closingTime = Duration.milliseconds(1500)

    /// Returns when `done` is called, or when the limit is over.
    private func wait(atMost limit: Duration, _ begin: (@escaping @Sendable () -> Void) -> Void) async {
        await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            begin { answer.give() }
            Task {
                try? await Task.sleep(for: limit)
                answer.give()
            }
        }
    }
}

/// Resumes a continuation with the first of several answers.
private final class FirstAnswer: Sendable {
    private let waiting: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) { self.waiting = Mutex(continuation) }

    func give() {
        let waiting = self.waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume()
    }
}
