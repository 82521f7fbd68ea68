import AMQP
import BrokerConformance
import LocalBroker
import Logging
import Messaging
import Synchronization

/// Takes messages out of a queue, as any consumer would.
struct QueueReader: Sendable {
    private let probe: IntakeProbe
    private let subscription: IntakeProbe.Subscription

    init(_ queue: String, of node: LocalBroker) async throws {
        let address = try AMQPAddress(node.url)
        self.probe = try IntakeProbe { loop in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            return try AMQPIntake(address: address, name: "test", loop: loop, logger: logger)
        }
        self.subscription = self.probe.subscribe(to: queue, prefetch: 1000, acknowledges: true)
        try await self.subscription.signal(.active)
    }

    /// What has been taken so far.
    var taken: [Delivery] { self.subscription.seen.deliveries }

    /// Waits for this many messages in all.
    func messages(_ count: Int) async throws -> [Delivery] {
        try await self.subscription.deliveries(count)
    }

    /// Waits for one message.
    func message() async throws -> Delivery {
        try await self.messages(1)[0]
    }

    func close() async { await self.probe.close() }
}

extension Delivery {
    var properties: BasicProperties { self.layout.properties(in: self.bytes) }
    /// The publisher's name for it, as a test accounts for it.
    var id: String { self.properties.messageID ?? "" }
    var text: String { String(decoding: self.body, as: UTF8.self) }

    /// A header's text.
    func text(_ header: String) -> String? {
        if case .string(let value)? = self.headers[header] { value } else { nil }
    }

    /// A header's number.
    func number(_ header: String) -> Int? {
        if case .integer(let value)? = self.headers[header] { Int(clamping: value) } else { nil }
    }
}
